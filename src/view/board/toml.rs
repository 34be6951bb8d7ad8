//! A small reader and writer of TOML for the board, which changes designs as they are written: tables whose entries keep
//! their order, numbers that keep their text. A general reader would cost the page more than all of the board. That it
//! agrees with the one of the command line is tested.
//!
//! Left out: dates. Comments are read over; what is written anew from the board has none.

/// Nesting at most.
const DEPTH_MAX: u32 = 24;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number or a truth, as it is written.
    Plain(String),
    Text(String),
    List(Vec<Value>),
    Table(Table),
}

/// Entries in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(pub Vec<(String, Value)>);

/// What is wrong, and in which line (from 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    pub line: usize,
    pub why: String,
}

impl Value {
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = self { Some(table) } else { None }
    }

    pub fn list(&self) -> &[Value] {
        if let Value::List(items) = self { items } else { &[] }
    }

    /// Of a text what it says, of a number how it is written.
    pub fn words(&self) -> &str {
        match self {
            Value::Plain(text) | Value::Text(text) => text,
            _ => "",
        }
    }
}

impl Table {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub fn table(&self, name: &str) -> Option<&Table> {
        self.get(name).and_then(Value::table)
    }

    pub fn words(&self, name: &str) -> &str {
        self.get(name).map_or("", Value::words)
    }

    pub fn list(&self, name: &str) -> &[Value] {
        self.get(name).map_or(&[], Value::list)
    }

    pub fn set(&mut self, name: &str, value: Value) {
        match self.get_mut(name) {
            Some(old) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(place).1)
    }

    /// The table of this name, which is made if there is none.
    fn inner(&mut self, name: &str) -> Option<&mut Table> {
        if self.get(name).is_none() {
            self.set(name, Value::Table(Table::default()));
        }
        match self.get_mut(name)? {
            Value::Table(table) => Some(table),
            // The last of a list of tables.
            Value::List(items) => match items.last_mut()? {
                Value::Table(table) => Some(table),
                _ => None,
            },
            _ => None,
        }
    }

    fn walk(&mut self, path: &[String]) -> Option<&mut Table> {
        path.iter().try_fold(self, |table, name| table.inner(name))
    }

    /// What a path leads to: names of entries, and places in lists.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |value, step| match value {
            Value::Table(table) => table.get(step),
            Value::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Puts a value where a path leads to, with the tables on the way there; without a value, takes it away. False if a
    /// list on the way is not so long.
    pub fn put(&mut self, path: &[&str], value: Option<Value>) -> bool {
        let Some((last, way)) = path.split_last() else { return false };
        let Some((first, way)) = way.split_first() else {
            match value {
                Some(value) => self.set(last, value),
                None => drop(self.remove(last)),
            }
            return true;
        };
        if self.get(first).is_none() {
            if value.is_none() {
                return true;
            }
            self.set(first, Value::Table(Table::default()));
        }
        let rest: Vec<&str> = way.iter().copied().chain([*last]).collect();
        match self.get_mut(first) {
            Some(Value::Table(table)) => table.put(&rest, value),
            Some(Value::List(items)) => put_in_list(items, &rest, value),
            _ => false,
        }
    }
}

fn put_in_list(items: &mut Vec<Value>, path: &[&str], value: Option<Value>) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let Ok(place) = first.parse::<usize>() else { return false };
    let count = items.len();
    match (items.get_mut(place), rest.is_empty(), value) {
        (Some(_), true, None) => drop(items.remove(place)),
        (Some(item), true, Some(value)) => *item = value,
        (None, true, Some(value)) if place == count => items.push(value),
        (Some(Value::Table(table)), false, value) => return table.put(rest, value),
        (Some(Value::List(inner)), false, value) => return put_in_list(inner, rest, value),
        _ => return false,
    }
    true
}

// Reading.

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, String>;

/// Reads a whole text.
pub fn read(text: &str) -> Result<Table, Wrong> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
    let mut root = Table::default();
    let done = reader.lines(&mut root);
    done.map(|()| root).map_err(|why| Wrong { line: line_of(text, reader.at), why })
}

/// The line (from 1) that a place of a text is in.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Reads a single value, as in a field of a form.
pub fn value(text: &str) -> Result<Value, String> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
    let value = reader.value(0)?;
    reader.gap();
    if reader.at < text.len() { Err("expected nothing more".into()) } else { Ok(value) }
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t') {
            self.at += 1;
        }
    }

    /// Blanks, ends of lines, comments.
    fn gap(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                b'\n' | b'\r' => self.at += 1,
                b'#' => {
                    while !matches!(self.peek(), b'\n' | 0) {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte && self.at < self.bytes.len();
        self.at += usize::from(found);
        found
    }

    fn must(&mut self, byte: u8) -> Read<()> {
        if self.take(byte) { Ok(()) } else { Err(format!("expected \"{}\"", char::from(byte))) }
    }

    fn lines(&mut self, root: &mut Table) -> Read<()> {
        let mut here: Vec<String> = Vec::new();
        let mut opened: Vec<Vec<String>> = Vec::new();
        loop {
            self.gap();
            if self.at >= self.bytes.len() {
                return Ok(());
            }
            if self.take(b'[') {
                let many = self.take(b'[');
                here = self.path()?;
                self.must(b']')?;
                if many {
                    self.must(b']')?;
                    opened.retain(|path| !path.starts_with(&here));
                    append(root, &here)?;
                } else {
                    if opened.contains(&here) {
                        return Err(format!("[{}] is here twice", here.join(".")));
                    }
                    opened.push(here.clone());
                    root.walk(&here).ok_or("this is no table")?;
                }
            } else {
                let table = root.walk(&here).ok_or("this is no table")?;
                let (path, start) = (self.path()?, self.at);
                self.must(b'=')?;
                self.blanks();
                let value = self.value(0)?;
                put_new(table, &path, value).inspect_err(|_| self.at = start)?;
            }
            self.blanks();
            if !matches!(self.peek(), b'\n' | b'\r' | b'#' | 0) {
                return Err("expected the end of the line".into());
            }
        }
    }

    fn path(&mut self) -> Read<Vec<String>> {
        let mut path = Vec::new();
        loop {
            self.blanks();
            path.push(self.key()?);
            self.blanks();
            if !self.take(b'.') {
                return Ok(path);
            }
        }
    }

    fn key(&mut self) -> Read<String> {
        if matches!(self.peek(), b'"' | b'\'') {
            return self.quoted();
        }
        let from = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_') {
            self.at += 1;
        }
        if from == self.at { Err("expected a name".into()) } else { Ok(self.text[from..self.at].to_owned()) }
    }

    fn value(&mut self, depth: u32) -> Read<Value> {
        if depth > DEPTH_MAX {
            return Err("nested too deeply".into());
        }
        match self.peek() {
            b'"' | b'\'' => self.quoted().map(Value::Text),
            b'[' => self.list(depth),
            b'{' => self.inline(depth),
            _ => {
                let from = self.at;
                while matches!(self.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'_') {
                    self.at += 1;
                }
                let text = &self.text[from..self.at];
                let number = text.replace('_', "");
                let digits = number.trim_start_matches(['+', '-']);
                let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
                let is_number = !padded && crate::base::decimal::parse(number.trim_start_matches('+')).is_some();
                if matches!(text, "true" | "false") || is_number {
                    Ok(Value::Plain(number))
                } else {
                    self.at = from;
                    Err("expected a value: a text in quotes, a number, true or false, a list or a table".into())
                }
            }
        }
    }

    fn list(&mut self, depth: u32) -> Read<Value> {
        self.must(b'[')?;
        let mut items = Vec::new();
        loop {
            self.gap();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.gap();
            if self.peek() != b']' {
                self.must(b',')?;
            }
        }
    }

    fn inline(&mut self, depth: u32) -> Read<Value> {
        self.must(b'{')?;
        let mut table = Table::default();
        loop {
            self.gap();
            if self.take(b'}') {
                return Ok(Value::Table(table));
            }
            let path = self.path()?;
            self.must(b'=')?;
            self.blanks();
            let value = self.value(depth + 1)?;
            put_new(&mut table, &path, value)?;
            self.gap();
            if self.peek() != b'}' {
                self.must(b',')?;
            }
        }
    }

    fn quoted(&mut self) -> Read<String> {
        let quote = self.peek();
        let three = [quote; 3];
        let long = self.bytes[self.at..].starts_with(&three);
        self.at += if long { 3 } else { 1 };
        if long {
            // A line's end right after the quotes is not part of it.
            self.take(b'\r');
            self.take(b'\n');
        }
        let mut text = String::new();
        loop {
            let from = self.at;
            while !matches!(self.peek(), b'\\' | b'\n' | 0) && self.peek() != quote {
                self.at += 1;
            }
            text += &self.text[from..self.at];
            match self.peek() {
                byte if byte == quote && long && !self.bytes[self.at..].starts_with(&three) => {
                    text.push(char::from(quote));
                    self.at += 1;
                }
                byte if byte == quote => {
                    self.at += if long { 3 } else { 1 };
                    return Ok(text);
                }
                b'\n' if long => {
                    text.push('\n');
                    self.at += 1;
                }
                b'\\' if quote == b'\'' => {
                    text.push('\\');
                    self.at += 1;
                }
                b'\\' => self.escape(&mut text)?,
                _ => return Err("expected the end of the text in quotes".into()),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Read<()> {
        self.at += 2;
        match self.bytes.get(self.at - 1) {
            Some(b'n') => text.push('\n'),
            Some(b't') => text.push('\t'),
            Some(b'r') => text.push('\r'),
            Some(b'b') => text.push('\u{8}'),
            Some(b'f') => text.push('\u{c}'),
            Some(b'\n') => self.gap(),
            Some(byte @ (b'"' | b'\\')) => text.push(char::from(*byte)),
            Some(byte @ (b'u' | b'U')) => {
                let digits = if *byte == b'u' { 4 } else { 8 };
                let code = self.text.get(self.at..self.at + digits).and_then(|d| u32::from_str_radix(d, 16).ok());
                text.push(code.and_then(char::from_u32).ok_or("expected a character's number")?);
                self.at += digits;
            }
            _ => {
                self.at = (self.at - 1).min(self.bytes.len());
                return Err("expected an escape".into());
            }
        }
        Ok(())
    }
}

/// A new table at the end of a list.
fn append(root: &mut Table, path: &[String]) -> Read<()> {
    let (last, way) = path.split_last().ok_or("expected a name")?;
    let table = root.walk(way).ok_or("this is no table")?;
    match table.get_mut(last) {
        None => table.set(last, Value::List(vec![Value::Table(Table::default())])),
        Some(Value::List(items)) => items.push(Value::Table(Table::default())),
        Some(_) => return Err(format!("{last} is no list of tables")),
    }
    Ok(())
}

fn put_new(table: &mut Table, path: &[String], value: Value) -> Read<()> {
    let (last, way) = path.split_last().ok_or("expected a name")?;
    let table = table.walk(way).ok_or("this is no table")?;
    if table.get(last).is_some() {
        return Err(format!("{last} is here twice"));
    }
    table.set(last, value);
    Ok(())
}

// Writing.

/// A name as it stands in TOML.
fn name(text: &str, out: &mut String) {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        out.push_str(text);
    } else {
        quoted(text, out);
    }
}

fn quoted(text: &str, out: &mut String) {
    let mut quoted = String::new();
    crate::base::json::quote(text, &mut quoted);
    // JSON has it as it is.
    out.push_str(&quoted.replace('\u{7f}', "\\u007f"));
}

fn inline(value: &Value, out: &mut String) {
    match value {
        Value::Plain(text) => out.push_str(text),
        Value::Text(text) => quoted(text, out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                inline(item, out);
            }
            out.push(']');
        }
        Value::Table(table) => {
            out.push_str("{ ");
            for (i, (key, value)) in table.0.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                entry(key, value, out);
            }
            out.push_str(" }");
        }
    }
}

/// `key = value`; a table with one entry is part of the name.
fn entry(key: &str, value: &Value, out: &mut String) {
    name(key, out);
    match value {
        Value::Table(Table(entries)) if entries.len() == 1 => {
            out.push('.');
            entry(&entries[0].0, &entries[0].1, out);
        }
        _ => {
            out.push_str(" = ");
            inline(value, out);
        }
    }
}

/// A value as it stands in a field.
pub fn written(value: &Value) -> String {
    let mut out = String::new();
    inline(value, &mut out);
    out
}

fn is_tables(value: &Value) -> bool {
    matches!(value, Value::List(items) if !items.is_empty() && items.iter().all(|item| item.table().is_some()))
}

fn line(key: &str, value: &Value, out: &mut String) {
    match value {
        // Each on a line of its own.
        Value::List(items) if items.len() > 1 && !matches!(items[0], Value::Plain(_)) => {
            name(key, out);
            out.push_str(" = [\n");
            for item in items {
                out.push_str("    ");
                inline(item, out);
                out.push_str(",\n");
            }
            out.push_str("]\n");
        }
        _ => {
            entry(key, value, out);
            out.push('\n');
        }
    }
}

/// A table under its header: plain entries first, then lists of tables that have headers of their own.
fn headed(path: &str, table: &Table, many: bool, out: &mut String) {
    let apart = |(key, value): &&(String, Value)| matches!(key.as_str(), "calls" | "faults") && is_tables(value);
    if !table.0.is_empty() && table.0.iter().all(|entry| apart(&entry)) {
        // The header of what is in it makes it.
    } else {
        out.push_str(if out.is_empty() { "" } else { "\n" });
        out.push_str(if many { "[[" } else { "[" });
        out.push_str(path);
        out.push_str(if many { "]]\n" } else { "]\n" });
    }
    table.0.iter().filter(|entry| !apart(entry)).for_each(|(key, value)| line(key, value, out));
    for (key, value) in table.0.iter().filter(apart) {
        let mut inner = format!("{path}.");
        name(key, &mut inner);
        value.list().iter().filter_map(Value::table).for_each(|table| headed(&inner, table, true, out));
    }
}

/// The whole text. Tables of `nested` hold tables by name, each of which has a header.
pub fn write(root: &Table, nested: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let has_header = |value: &Value, key: &str| value.table().is_some() || key == "faults" && is_tables(value);
    root.0.iter().filter(|(key, value)| !has_header(value, key)).for_each(|(key, value)| line(key, value, &mut out));
    for (key, value) in &root.0 {
        let mut path = String::new();
        name(key, &mut path);
        match value {
            Value::Table(table) if nested(key) => {
                for (own, value) in &table.0 {
                    let mut inner = format!("{path}.");
                    name(own, &mut inner);
                    if let Value::Table(table) = value {
                        headed(&inner, table, false, &mut out);
                    }
                }
            }
            Value::Table(table) => headed(&path, table, false, &mut out),
            Value::List(items) if has_header(value, key) => {
                items.iter().filter_map(Value::table).for_each(|table| headed(&path, table, true, &mut out));
            }
            _ => {}
        }
    }
    out
}

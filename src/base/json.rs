//! A small reader and writer of JSON for the page, which holds two short texts of it (the catalogue, the progress) and
//! would pay ten times as much for a general one. Whole numbers only; nesting is bounded; errors name the line.
//! That it agrees with `serde_json` is tested where it is used.

const DEPTH_MAX: u32 = 32;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// Reads a text that is one value.
pub fn read(text: &str) -> Result<Json, String> {
    let mut reader = Reader::new(text);
    let value = reader.value(0).and_then(|value| reader.end().map(|()| value));
    value.map_err(|expected| {
        let mut words = String::from("line ");
        words += &reader.line().to_string();
        words += ": ";
        words += &expected;
        words
    })
}

pub struct Reader<'a> {
    text: &'a str,
    /// Where it is, in bytes from the beginning.
    pub at: usize,
}

impl Reader<'_> {
    pub fn new(text: &str) -> Reader<'_> {
        Reader { text, at: 0 }
    }

    /// The line that it has got to, from 1.
    pub fn line(&self) -> usize {
        self.text.as_bytes()[..self.at].iter().filter(|b| **b == b'\n').count() + 1
    }

    /// Nothing may follow.
    pub fn end(&mut self) -> Result<(), String> {
        self.space();
        if self.at < self.text.len() { self.wrong("nothing more") } else { Ok(()) }
    }

    fn wrong<T>(&self, expected: &str) -> Result<T, String> {
        let mut words = String::from("expected ");
        words += expected;
        Err(words)
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Json, String> {
        if depth > DEPTH_MAX {
            return self.wrong("less nesting");
        }
        self.space();
        match self.peek() {
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b'"' => self.string().map(Json::Text),
            b'-' | b'0'..=b'9' => self.digits("a whole number").map(Json::Int),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.wrong("a value")
    }

    /// A number, as `parse` takes it.
    fn number<T>(&mut self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        self.space();
        let start = self.at;
        while matches!(self.peek(), b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        let begins = digits.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        match parse(digits).filter(|_| begins) {
            Some(n) => Ok(n),
            None => {
                self.at = start;
                self.wrong(expected)
            }
        }
    }

    pub fn digits<T: std::str::FromStr>(&mut self, expected: &str) -> Result<T, String> {
        self.number(expected, |digits| digits.parse().ok())
    }

    pub fn float(&mut self, expected: &str) -> Result<f64, String> {
        self.number(expected, super::decimal::parse)
    }

    /// A list, whose items `item` reads.
    pub fn items(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        if !self.take(b'[') {
            return self.wrong("a list");
        }
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return self.wrong("a comma or ]");
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<Json, String> {
        let mut items = Vec::new();
        self.items(|reader| {
            items.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Json::List(items))
    }

    /// An object, whose fields `field` reads, told their names.
    fn fields(&mut self, mut field: impl FnMut(&mut Self, String) -> Result<(), String>) -> Result<(), String> {
        if !self.take(b'{') {
            return self.wrong("an object");
        }
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            if self.peek() != b'"' {
                return self.wrong("a name in quotes");
            }
            let name = self.string()?;
            if !self.take(b':') {
                return self.wrong("a colon");
            }
            field(self, name)?;
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return self.wrong("a comma or }");
            }
        }
    }

    fn map(&mut self, depth: u32) -> Result<Json, String> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        self.fields(|reader, name| {
            fields.push((name, reader.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Json::Map(fields))
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            text += &self.text[start..self.at];
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(text);
                }
                b'\\' => text.push(self.escape()?),
                _ => return self.wrong("the end of the text in quotes"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        self.at += 2;
        Ok(match self.text.as_bytes().get(self.at - 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'u') => {
                let high = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    0x10000 + ((high - 0xd800) << 10) + (self.hex()?.wrapping_sub(0xdc00) & 0x3ff)
                } else {
                    high
                };
                match char::from_u32(code) {
                    Some(c) => c,
                    None => return self.wrong("a character"),
                }
            }
            _ => {
                self.at = (self.at - 1).min(self.text.len());
                return self.wrong("an escape");
            }
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.wrong("four hexadecimal digits"),
        }
    }
}

/// For readers that know what to expect: see [`super::form`].
impl Reader<'_> {
    /// What the next value begins with.
    pub fn first(&mut self) -> u8 {
        self.space();
        self.peek()
    }

    fn is(&mut self, word: &str) -> bool {
        self.space();
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    pub fn null(&mut self) -> bool {
        self.is("null")
    }

    pub fn boolean(&mut self) -> Result<bool, String> {
        if self.is("true") {
            Ok(true)
        } else if self.is("false") {
            Ok(false)
        } else {
            self.wrong("true or false")
        }
    }

    pub fn text(&mut self) -> Result<String, String> {
        if self.first() == b'"' { self.string() } else { self.wrong("a text in quotes") }
    }

    /// The fields of an object: names, and where their values begin.
    pub fn places(&mut self) -> Result<Vec<(String, usize)>, String> {
        let mut places: Vec<(String, usize)> = Vec::new();
        self.fields(|reader, name| {
            if places.iter().any(|(other, _)| *other == name) {
                return Err(complain("this is here twice:", &name));
            }
            reader.space();
            places.push((name, reader.at));
            reader.skip()
        })?;
        Ok(places)
    }

    /// Passes over a value, whatever it is; what is wrong inside is seen when it is read.
    fn skip(&mut self) -> Result<(), String> {
        let mut open = 0;
        loop {
            match self.first() {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b':' if open > 0 => self.at += 1,
                b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    while matches!(self.peek(), b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') {
                        self.at += 1;
                    }
                }
                _ => return self.wrong("a value"),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

impl Json {
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Json::Int(n) => out.push_str(&n.to_string()),
            Json::Text(text) => quote(text, out),
            Json::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Map(fields) => {
                out.push('{');
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The fields of a map.
    pub fn fields(self) -> Result<Fields, String> {
        match self {
            Json::Map(fields) => Ok(Fields(fields)),
            _ => Err("something is not an object".into()),
        }
    }

    pub fn list(self) -> Result<Vec<Json>, String> {
        match self {
            Json::List(items) => Ok(items),
            _ => Err("something is not a list".into()),
        }
    }

    pub fn text(self) -> Result<String, String> {
        match self {
            Json::Text(text) => Ok(text),
            _ => Err("something is not a text".into()),
        }
    }
}

/// Appends the text in quotes.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => {
                let digit = |n: u32| char::from_digit(n, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.push(digit(c as u32 >> 4));
                out.push(digit(c as u32 & 15));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The fields of an object, taken out one by one; what is left at the end is unknown.
pub struct Fields(Vec<(String, Json)>);

impl Fields {
    /// A field, if it is there and not null.
    pub fn find(&mut self, name: &str) -> Option<Json> {
        let place = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.swap_remove(place).1).filter(|value| *value != Json::Null)
    }

    pub fn take(&mut self, name: &str) -> Result<Json, String> {
        self.find(name).ok_or_else(|| complain("missing field", name))
    }

    pub fn text(&mut self, name: &str) -> Result<String, String> {
        match self.take(name)? {
            Json::Text(text) => Ok(text),
            _ => Err(complain("not a text:", name)),
        }
    }

    pub fn int(&mut self, name: &str) -> Result<i64, String> {
        match self.take(name)? {
            Json::Int(n) => Ok(n),
            _ => Err(complain("not a number:", name)),
        }
    }

    /// A whole number that fits.
    pub fn number<T: TryFrom<i64>>(&mut self, name: &str) -> Result<T, String> {
        T::try_from(self.int(name)?).map_err(|_| complain("out of range:", name))
    }

    /// The rest, for maps with free names.
    pub fn rest(self) -> Vec<(String, Json)> {
        self.0
    }

    pub fn done(self) -> Result<(), String> {
        self.0.first().map_or(Ok(()), |(name, _)| Err(complain("unknown field", name)))
    }
}

fn complain(what: &str, name: &str) -> String {
    let mut words = String::from(what);
    words += " \"";
    words += name;
    words += "\"";
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(Json::Int),
            any::<String>().prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|m| Json::Map(m.into_iter().collect())),
            ]
        })
    }

    fn like_serde(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(b) => Json::Bool(*b),
            serde_json::Value::Number(n) => Json::Int(n.as_i64().expect("whole")),
            serde_json::Value::String(s) => Json::Text(s.clone()),
            serde_json::Value::Array(items) => Json::List(items.iter().map(like_serde).collect()),
            serde_json::Value::Object(map) => Json::Map(map.iter().map(|(k, v)| (k.clone(), like_serde(v))).collect()),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(value in values()) {
            let mut text = String::new();
            value.write(&mut text);
            let theirs: serde_json::Value = serde_json::from_str(&text).expect("valid");
            prop_assert_eq!(&like_serde(&theirs), &value);
            prop_assert_eq!(serde_json::to_string(&theirs).expect("plain"), text.clone());
            prop_assert_eq!(read(&serde_json::to_string_pretty(&theirs).expect("plain")), Ok(value));
        }

        #[test]
        fn reads_anything_without_a_panic(text in any::<String>()) {
            let ours = read(&text).is_ok();
            prop_assert!(!ours || serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn escapes_and_errors() {
        assert_eq!(read(r#""aé😀\/""#), Ok(Json::Text("aé😀/".into())));
        assert_eq!(read("[1,\n x]"), Err("line 2: expected a value".into()));
        for bad in ["", "{", "[1,]", "\"\\u12\"", "\"\\", "1.5", "{\"a\" 1}", "01x", "\"\\ud800\"", "[1] 2"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}

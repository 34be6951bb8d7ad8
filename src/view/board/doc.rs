//! A design as the board changes it: the tables of its text, with what belongs together changed together.

use super::kinds::{self, Calls, KINDS, Kind};
use super::toml::{self, Table, Value, Wrong};
use super::values;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doc(pub Table);

/// One component.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub kind: &'static Kind,
    pub name: &'a str,
    pub table: &'a Table,
}

/// All calls of one component to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    /// Where the calls stand.
    pub calls: Vec<String>,
    /// None of them is waited for.
    pub detached: bool,
}

/// Names of the table of places.
const BOARD: &str = "board";

impl<'a> Part<'a> {
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.table, self.name)
    }

    /// Its calls, with the paths to them.
    pub fn calls(&self) -> Vec<(String, &'a Table)> {
        match self.kind.calls {
            Calls::None => Vec::new(),
            Calls::One => {
                self.table.table("call").map(|call| (format!("{}/call", self.path()), call)).into_iter().collect()
            }
            Calls::Many => {
                let all = self.table.list("calls").iter().enumerate();
                all.filter_map(|(i, value)| Some((format!("{}/calls/{i}", self.path()), value.table()?))).collect()
            }
        }
    }

    /// How many instances there are.
    pub fn instances(&self) -> u64 {
        let number = |key: &str, usual: u64| self.table.words(key).parse().unwrap_or(usual);
        match self.kind.table {
            "services" | "caches" => number("instances", 1),
            "stores" => number("replicas", 0) + 1,
            "key-values" => number("nodes", 3),
            "cdns" => number("points", 1),
            "gateways" => number("instances", 1),
            "indexes" => number("shards", 3),
            _ => 1,
        }
    }

    fn or(&self, key: &str) -> String {
        let usual =
            || self.kind.fields.iter().find(|field| field.key == key).map_or("", |field| field.usual).to_owned();
        let path: Vec<&str> = key.split('.').collect();
        self.table.at(&path).map_or_else(usual, |value| values::shown(kinds::Takes::Number(0.0, 0.0), value))
    }

    /// What stands in its box below the name.
    pub fn summary(&self) -> String {
        let instances = self.instances();
        match self.kind.table {
            "clients" => match self.table.at(&["load", "open", "rate"]) {
                Some(_) => format!("{} a second", self.or("load.open.rate")),
                None => match self.table.at(&["load", "closed", "users"]) {
                    Some(users) => format!("{} users", users.words()),
                    None => "clients".into(),
                },
            },
            "balancers" => self.or("policy").replace('-', " "),
            "limiters" => format!("{} a second", self.or("rate")),
            "services" => format!("{instances} × {} slots", self.or("concurrency")),
            "queues" => format!("{} workers", self.or("workers")),
            "caches" => format!("{instances} × {} entries", self.or("capacity")),
            "stores" => match instances {
                1 => "primary alone".into(),
                2 => "primary, 1 replica".into(),
                n => format!("primary, {} replicas", n - 1),
            },
            "key-values" => format!("{instances} nodes, R {} W {}", self.or("read-quorum"), self.or("write-quorum")),
            _ => self.kind.title.to_ascii_lowercase(),
        }
    }
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn names(of: &[&str]) -> Value {
    Value::List(of.iter().map(|name| text(name)).collect())
}

impl Doc {
    pub fn read(text: &str) -> Result<Doc, Wrong> {
        toml::read(text).map(Doc)
    }

    pub fn write(&self) -> String {
        toml::write(&self.0, kinds::nested)
    }

    /// A design with clients only.
    pub fn empty(title: &str) -> Doc {
        let start = "version = 1\n[run]\nduration = \"20s\"\nwarm-up = \"5s\"\ndrain = \"5s\"\n[keys.items]\ncount = 20000\n\
            [clients.users]\nload.open.rate = 500.0\nclasses = [{ name = \"read\", share = 0.9, keys = \"items\" }, \
            { name = \"write\", share = 0.1, write = true, keys = \"items\" }]\n";
        let mut doc = Doc::read(start).unwrap_or_default();
        doc.0.0.insert(1, ("title".into(), text(title)));
        doc
    }

    pub fn title(&self) -> &str {
        self.0.words("title")
    }

    pub fn at(&self, path: &str) -> Option<&Value> {
        self.0.at(&split(path))
    }

    pub fn put(&mut self, path: &str, value: Option<Value>) -> bool {
        self.0.put(&split(path), value)
    }

    pub fn parts(&self) -> Vec<Part<'_>> {
        let of = |kind: &'static Kind| {
            let all = self.0.table(kind.table).map_or(&[][..], |table| &table.0);
            all.iter().filter_map(move |(name, value)| Some(Part { kind, name, table: value.table()? }))
        };
        KINDS.iter().flat_map(of).collect()
    }

    /// The zones of the network, by name.
    pub fn zones(&self) -> Vec<String> {
        let network = self.0.table("network").map_or(&[][..], |network| network.list("zones"));
        network.iter().map(|zone| zone.words().to_owned()).collect()
    }

    /// Each zone's region, once.
    pub fn regions(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for zone in self.zones() {
            let region = zone.split_once('/').map_or(&zone[..], |(region, _)| region);
            if !all.iter().any(|known| known == region) {
                all.push(region.to_owned());
            }
        }
        all
    }

    pub fn part(&self, name: &str) -> Option<Part<'_>> {
        self.parts().into_iter().find(|part| part.name == name)
    }

    /// The component that a path leads into.
    pub fn owner<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut steps = path.split('/');
        kinds::of(steps.next()?)?;
        steps.next()
    }

    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        for part in self.parts() {
            for (path, call) in part.calls() {
                let detached = call.words("detached") == "true";
                for to in call.list("to").iter().map(Value::words) {
                    match edges.iter_mut().find(|edge| edge.from == part.name && edge.to == to) {
                        Some(edge) => {
                            edge.calls.push(path.clone());
                            edge.detached &= detached;
                        }
                        None => {
                            let (from, to) = (part.name.to_owned(), to.to_owned());
                            edges.push(Edge { from, to, calls: vec![path.clone()], detached });
                        }
                    }
                }
            }
        }
        edges
    }

    /// The names of the classes of requests.
    pub fn classes(&self) -> Vec<&str> {
        let of = |part: Part<'_>| part.kind.table == "clients";
        let clients = self.0.table("clients").map_or(&[][..], |table| &table.0);
        if !self.parts().into_iter().any(of) {
            return Vec::new();
        }
        clients
            .iter()
            .flat_map(|(_, value)| value.table().map_or(&[][..], |t| t.list("classes")))
            .filter_map(|class| Some(class.table()?.words("name")))
            .collect()
    }

    /// A name that nothing has yet.
    pub fn free(&self, word: &str) -> String {
        let taken = |name: &str| self.part(name).is_some();
        let numbered = |i: u32| if i == 1 { word.to_owned() } else { format!("{word}-{i}") };
        (1..).map(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Adds one of a kind; its name.
    pub fn add(&mut self, kind: &'static Kind) -> String {
        let name = self.free(kind.word);
        let table = toml::read(kind.new).unwrap_or_default();
        self.put(&format!("{}/{name}", kind.table), Some(Value::Table(table)));
        name
    }

    /// Takes a component away, with the calls to it and what else names it.
    pub fn remove(&mut self, name: &str) {
        let Some(path) = self.part(name).map(|part| part.path()) else { return };
        self.put(&path, None);
        self.put(&format!("{BOARD}/{name}"), None);
        self.each_target(|to| (to != name).then(|| to.to_owned()));
        let names = |fault: &Value| {
            let does = fault.table().and_then(|fault| fault.table("does"));
            let harm = does.and_then(|does| does.0.first()).and_then(|(_, harm)| harm.table());
            harm.is_some_and(|harm| ["component", "from", "to"].iter().any(|key| harm.words(key) == name))
        };
        if let Some(Value::List(faults)) = self.0.get_mut("faults") {
            faults.retain(|fault| !names(fault));
        }
        let of = format!("({name})");
        if let Some(Value::List(requirements)) = self.0.get_mut("requirements") {
            requirements.retain(|requirement| !requirement.words().contains(&of));
        }
    }

    /// Gives a component another name, everywhere. The error says why not.
    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), String> {
        let new = new.trim();
        if new.is_empty() || !new.chars().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii() || "-_ ".contains(c)) {
            return Err("A name is of letters, digits, “-”, “_” and spaces.".into());
        }
        if old == new {
            return Ok(());
        }
        if self.part(new).is_some() {
            return Err(format!("There is another component called “{new}”."));
        }
        let Some(kind) = self.part(old).map(|part| part.kind) else { return Ok(()) };
        for table in [kind.table, BOARD] {
            if let Some(Value::Table(table)) = self.0.get_mut(table)
                && let Some((name, _)) = table.0.iter_mut().find(|(name, _)| name == old)
            {
                *name = new.to_owned();
            }
        }
        self.each_target(|to| Some(if to == old { new } else { to }.to_owned()));
        if let Some(Value::List(faults)) = self.0.get_mut("faults") {
            faults.iter_mut().for_each(|fault| replace(fault, old, new));
        }
        let (of, by) = (format!("({old})"), format!("({new})"));
        if let Some(Value::List(requirements)) = self.0.get_mut("requirements") {
            for requirement in requirements {
                *requirement = text(&requirement.words().replace(&of, &by));
            }
        }
        Ok(())
    }

    /// Changes what calls go to; a call that goes nowhere any more is gone.
    fn each_target(&mut self, change: impl Fn(&str) -> Option<String>) {
        let paths: Vec<String> = self.parts().iter().flat_map(|part| part.calls()).map(|(path, _)| path).collect();
        for path in paths.into_iter().rev() {
            let to: Vec<String> = self
                .at(&path)
                .and_then(Value::table)
                .map_or(Vec::new(), |call| call.list("to").iter().filter_map(|to| change(to.words())).collect());
            let left = (!to.is_empty()).then(|| names(&to.iter().map(String::as_str).collect::<Vec<_>>()));
            match left {
                Some(left) => self.put(&format!("{path}/to"), Some(left)),
                None => self.put(&path, None),
            };
        }
    }

    /// A call from one component to another; the path to it. The error says why there can be none.
    pub fn connect(&mut self, from: &str, to: &str) -> Result<String, String> {
        let (Some(caller), Some(called)) = (self.part(from), self.part(to)) else {
            return Err("Choose two components.".into());
        };
        if from == to {
            return Err("A component does not call itself.".into());
        }
        if called.kind.table == "clients" {
            return Err("Nothing calls clients: they ask.".into());
        }
        if self.reaches(to, from) {
            return Err(format!("{to} leads to {from} already: calls in a circle would never end."));
        }
        let cached = called.kind.table == "caches" && caller.kind.calls == Calls::Many;
        let (path, calls) = (caller.path(), caller.kind.calls);
        let count = caller.table.list("calls").len();
        let path = match calls {
            Calls::None => return Err(format!("A {} calls nothing.", caller.kind.title.to_ascii_lowercase())),
            Calls::One => {
                // A router leads to several.
                let before = self.at(&format!("{path}/call/to")).map_or(&[][..], Value::list).iter().map(Value::words);
                let keeps = path.starts_with("routers/");
                let mut all: Vec<String> = before.filter(|name| keeps && *name != to).map(str::to_owned).collect();
                all.push(to.to_owned());
                let all: Vec<&str> = all.iter().map(String::as_str).collect();
                self.put(&format!("{path}/call/to"), Some(names(&all)));
                return Ok(format!("{path}/call"));
            }
            Calls::Many => format!("{path}/calls/{count}"),
        };
        let mut call = Table(vec![("to".into(), names(&[to]))]);
        if cached {
            // A cache that is down is a miss.
            call.set("when", text("read"));
            call.set("optional", Value::Plain("true".into()));
            call.set("time-out", text("20ms"));
        }
        if count == 0 {
            let owner = path.trim_end_matches("/0").to_owned();
            self.put(&owner, Some(Value::List(Vec::new())));
        }
        self.put(&path, Some(Value::Table(call)));
        Ok(path)
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let edges = self.edges();
        let mut seen = vec![from];
        let mut next = 0;
        while next < seen.len() {
            let here = seen[next];
            for edge in edges.iter().filter(|edge| edge.from == here) {
                if edge.to == to {
                    return true;
                }
                if !seen.contains(&edge.to.as_str()) {
                    seen.push(&edge.to);
                }
            }
            next += 1;
        }
        false
    }

    /// Moves a call of a list one place up.
    pub fn earlier(&mut self, path: &str) -> bool {
        let Some((list, place)) = path.rsplit_once('/') else { return false };
        let Ok(place) = place.parse::<usize>() else { return false };
        match self.0.at(&split(list)).cloned() {
            Some(Value::List(mut items)) if place > 0 && place < items.len() => {
                items.swap(place, place - 1);
                self.put(list, Some(Value::List(items)))
            }
            _ => false,
        }
    }

    /// Makes a service that calls a cache and a database ask the cache first: on a miss the database, then it leaves the
    /// answer in the cache; after a write it takes the entry out. The error says what is missing.
    pub fn aside(&mut self, service: &str) -> Result<(), String> {
        let part = self.part(service).filter(|part| part.kind.table == "services").ok_or("This is for a service.")?;
        let calls = |table: &str| {
            let mut all = part.calls().into_iter().flat_map(|(_, call)| call.list("to")).map(Value::words);
            all.find(|to| self.part(to).is_some_and(|to| to.kind.table == table)).map(str::to_owned)
        };
        let cache = calls("caches").ok_or_else(|| format!("{service} calls no cache yet."))?;
        let store = calls("stores").or_else(|| calls("key-values"));
        let store = store.ok_or_else(|| format!("{service} calls no database yet."))?;
        let kept = part.calls().into_iter().filter(|(_, call)| {
            let to: Vec<&str> = call.list("to").iter().map(Value::words).collect();
            to != [cache.as_str()] && to != [store.as_str()]
        });
        let mut all: Vec<Value> = kept.map(|(_, call)| Value::Table(call.clone())).collect();
        let lines = [
            format!("to = [\"{cache}\"]\nwhen = \"read\"\noptional = true\ntime-out = \"20ms\""),
            format!("to = [\"{store}\"]\nwhen = \"miss\"\ntime-out = \"500ms\""),
            format!("to = [\"{cache}\"]\nwhen = \"miss\"\ndoes = \"fill\"\ndetached = true"),
            format!("to = [\"{store}\"]\nwhen = \"write\""),
            format!(
                "to = [\"{cache}\"]\nwhen = \"write\"\ndoes = \"invalidate\"\noptional = true\ntime-out = \"20ms\""
            ),
        ];
        let reads = self.reading_classes();
        for (i, line) in lines.iter().enumerate() {
            let mut call = toml::read(line).unwrap_or_default();
            if matches!(i, 1 | 2) && !reads.is_empty() {
                call.set("classes", Value::List(reads.iter().map(|name| text(name)).collect()));
            }
            all.push(Value::Table(call));
        }
        let path = format!("{}/calls", part.path());
        self.put(&path, Some(Value::List(all)));
        Ok(())
    }

    fn reading_classes(&self) -> Vec<String> {
        let clients = self.0.table("clients").map_or(&[][..], |table| &table.0);
        let classes = clients.iter().flat_map(|(_, value)| value.table().map_or(&[][..], |t| t.list("classes")));
        let reads = classes.filter_map(Value::table).filter(|class| class.words("write") != "true");
        reads.map(|class| class.words("name").to_owned()).collect()
    }

    // Places.

    pub fn place(&self, name: &str) -> Option<(i32, i32)> {
        let [x, y] = self.0.table(BOARD)?.list(name) else { return None };
        let number = |value: &Value| value.words().split('.').next().and_then(|n| n.parse().ok());
        Some((number(x)?, number(y)?))
    }

    pub fn set_place(&mut self, name: &str, (x, y): (i32, i32)) {
        let number = |n: i32| Value::Plain(n.to_string());
        self.put(&format!("{BOARD}/{name}"), Some(Value::List(vec![number(x), number(y)])));
    }

    /// Everything stands where the layout puts it.
    pub fn arrange(&mut self) {
        self.0.remove(BOARD);
    }
}

fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::Text(words) if words == old => *words = new.to_owned(),
        Value::Table(table) => table.0.iter_mut().for_each(|(_, value)| replace(value, old, new)),
        _ => {}
    }
}

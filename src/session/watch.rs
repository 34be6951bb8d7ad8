//! Expressions over what nodes show of themselves (their probes): read, and given a value at a moment.
//!
//! `n1.term`, `n1.commit < n2.commit`, `max(term) - min(term)`, `count(role = leader)`. A name with a dot is a probe of that
//! node; within `count`, `max`, `min`, `sum`, `all` and `any`, which go over all nodes that have what is asked for, a name is
//! a probe of the node in turn. `role` and `up` are known of every node. Any other word is itself, a text.

use crate::base::{NodeId, decimal};
use crate::sim::world::World;
use crate::wire::{Datum, NodeStatus};

/// The longest expression, in bytes; it bounds the depth of nesting too.
const LENGTH_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Something that it needs is not there, as while a node is down.
    Nothing,
    Yes(bool),
    Number(f64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Expr {
    Value(Value),
    /// A node, and the name of its probe; without a node the one in turn.
    Probe(Option<u16>, String),
    Over(Over, Box<Expr>),
    Not(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    Count,
    Max,
    Min,
    Sum,
    All,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Binary {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    By,
}

const OVERS: [(&str, Over); 6] = [
    ("count", Over::Count),
    ("max", Over::Max),
    ("min", Over::Min),
    ("sum", Over::Sum),
    ("all", Over::All),
    ("any", Over::Any),
];

/// Operators by how strongly they bind, weakest first; longer ones before those that they begin with.
const LEVELS: [&[(&str, Binary)]; 5] = [
    &[("or", Binary::Or)],
    &[("and", Binary::And)],
    &[
        ("!=", Binary::Unequal),
        ("<=", Binary::AtMost),
        (">=", Binary::AtLeast),
        ("=", Binary::Equal),
        ("<", Binary::Less),
        (">", Binary::More),
    ],
    &[("+", Binary::Plus), ("-", Binary::Minus)],
    &[("*", Binary::Times), ("/", Binary::By)],
];

/// "not" binds as comparisons do: "not a > 2" is "not (a > 2)".
const NOT: usize = 2;

/// An expression that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch(Expr);

impl Watch {
    /// Reads an expression about these nodes, as they are or as they were at the start: a name stays one while its node is
    /// down. The error says where it is wrong.
    pub fn read(text: &str, world: &World, start: &World) -> Result<Watch, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("longer than {LENGTH_MAX} characters"));
        }
        let mut reader = Reader { text, at: 0, world, start };
        let expr = reader.level(0, false)?;
        if reader.rest().is_empty() { Ok(Watch(expr)) } else { Err(reader.wrong("an operator, or the end")) }
    }

    /// Its value in a world.
    pub fn value(&self, world: &World) -> Value {
        let cards: Vec<Probes> = (0..world.shells.len()).map(|i| Probes::of(world, NodeId(i as u16))).collect();
        value(&self.0, &cards, None)
    }
}

/// What a node shows.
struct Probes(Vec<(String, Datum)>);

impl Probes {
    fn of(world: &World, node: NodeId) -> Probes {
        let card = world.card(node);
        let up = world.shells[node.index()].status == NodeStatus::Up;
        let role = if card.role.is_empty() { world.setup.nodes[node.index()].role.clone() } else { card.role };
        let mut probes = card.probes;
        probes.push(("role".into(), Datum::Text(role)));
        probes.push(("up".into(), Datum::Int(i64::from(up))));
        Probes(probes)
    }

    fn get(&self, name: &str) -> Value {
        match self.0.iter().find(|(own, _)| own == name) {
            Some((_, Datum::Int(n))) => Value::Number(*n as f64),
            Some((_, Datum::None)) | None => Value::Nothing,
            Some((_, other)) => Value::Text(other.to_string()),
        }
    }
}

fn value(expr: &Expr, nodes: &[Probes], turn: Option<usize>) -> Value {
    match expr {
        Expr::Value(value) => value.clone(),
        Expr::Probe(node, name) => {
            let node = node.map(usize::from).or(turn);
            node.and_then(|node| nodes.get(node)).map_or(Value::Nothing, |probes| probes.get(name))
        }
        Expr::Not(inner) => match value(inner, nodes, turn) {
            Value::Nothing => Value::Nothing,
            inner => Value::Yes(!holds(&inner)),
        },
        Expr::Over(over, inner) => over_all(*over, (0..nodes.len()).map(|i| value(inner, nodes, Some(i)))),
        Expr::Binary(binary, a, b) => two(*binary, value(a, nodes, turn), value(b, nodes, turn)),
    }
}

fn holds(value: &Value) -> bool {
    match value {
        Value::Nothing => false,
        Value::Yes(yes) => *yes,
        Value::Number(n) => *n != 0.0,
        Value::Text(text) => !text.is_empty(),
    }
}

fn over_all(over: Over, values: impl Iterator<Item = Value>) -> Value {
    let values: Vec<Value> = values.filter(|value| *value != Value::Nothing).collect();
    let numbers = values.iter().filter_map(number);
    let some = |n: Option<f64>| n.map_or(Value::Nothing, Value::Number);
    match over {
        Over::Count => Value::Number(values.iter().filter(|value| holds(value)).count() as f64),
        Over::All => Value::Yes(values.iter().all(holds)),
        Over::Any => Value::Yes(values.iter().any(holds)),
        Over::Sum => Value::Number(numbers.sum()),
        Over::Max => some(numbers.reduce(f64::max)),
        Over::Min => some(numbers.reduce(f64::min)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => Some(*n),
        Value::Yes(yes) => Some(f64::from(u8::from(*yes))),
        _ => None,
    }
}

fn two(binary: Binary, a: Value, b: Value) -> Value {
    if a == Value::Nothing || b == Value::Nothing {
        return Value::Nothing;
    }
    let numbers = number(&a).zip(number(&b));
    let compared = |number: fn(f64, f64) -> bool| numbers.map_or(Value::Nothing, |(a, b)| Value::Yes(number(a, b)));
    let counted = |n: fn(f64, f64) -> f64| {
        numbers.map(|(a, b)| n(a, b)).filter(|n| n.is_finite()).map_or(Value::Nothing, Value::Number)
    };
    match binary {
        Binary::Or => Value::Yes(holds(&a) || holds(&b)),
        Binary::And => Value::Yes(holds(&a) && holds(&b)),
        Binary::Equal => Value::Yes(numbers.map_or(a == b, |(a, b)| a == b)),
        Binary::Unequal => Value::Yes(numbers.map_or(a != b, |(a, b)| a != b)),
        Binary::Less => compared(|a, b| a < b),
        Binary::AtMost => compared(|a, b| a <= b),
        Binary::More => compared(|a, b| a > b),
        Binary::AtLeast => compared(|a, b| a >= b),
        Binary::Plus => counted(|a, b| a + b),
        Binary::Minus => counted(|a, b| a - b),
        Binary::Times => counted(|a, b| a * b),
        Binary::By => counted(|a, b| a / b),
    }
}

impl Value {
    /// In words, and as a number where it is one.
    pub fn shown(&self) -> (String, Option<f64>) {
        let words = match self {
            Value::Nothing => "–".into(),
            Value::Yes(yes) => if *yes { "yes" } else { "no" }.into(),
            Value::Number(n) => decimal::shortest(*n),
            Value::Text(text) => text.clone(),
        };
        (words, number(self))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    world: &'a World,
    start: &'a World,
}

impl Reader<'_> {
    fn rest(&mut self) -> &str {
        self.at = self.text.len() - self.text[self.at..].trim_ascii_start().len();
        &self.text[self.at..]
    }

    fn wrong(&mut self, expected: &str) -> String {
        let rest = self.rest().to_owned();
        let found = if rest.is_empty() { "its end".to_owned() } else { format!("“{rest}”") };
        format!("expected {expected} at {found}")
    }

    fn takes(&mut self, sign: &str) -> bool {
        let word = sign.ends_with(|c: char| c.is_ascii_alphabetic());
        let rest = self.rest();
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let found = rest.starts_with(sign) && (!word || rest[sign.len()..].chars().next().is_none_or(ends));
        if found {
            self.at += sign.len();
        }
        found
    }

    /// Operators of a level and of those that bind more strongly.
    fn level(&mut self, level: usize, over: bool) -> Result<Expr, String> {
        let Some(operators) = LEVELS.get(level) else { return self.factor(over) };
        if level == NOT && self.takes("not") {
            return Ok(Expr::Not(Box::new(self.level(level, over)?)));
        }
        let mut left = self.level(level + 1, over)?;
        while let Some((_, binary)) = operators.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.level(level + 1, over)?;
            left = Expr::Binary(*binary, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn factor(&mut self, over: bool) -> Result<Expr, String> {
        if self.takes("(") {
            let inner = self.level(0, over)?;
            return if self.takes(")") { Ok(inner) } else { Err(self.wrong("a closing bracket")) };
        }
        if self.takes("not") {
            return Ok(Expr::Not(Box::new(self.factor(over)?)));
        }
        if self.takes("-") {
            let zero = Box::new(Expr::Value(Value::Number(0.0)));
            return Ok(Expr::Binary(Binary::Minus, zero, Box::new(self.factor(over)?)));
        }
        let rest = self.rest();
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let first = rest.chars().next();
        // A minus within a word belongs to it, as in a probe's name.
        let end = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
        let word = rest[..end].trim_end_matches('-').to_owned();
        if word.is_empty() {
            return Err(self.wrong("a number, a name or a bracket"));
        }
        if first.is_some_and(|c| c.is_ascii_digit()) {
            let digits = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
            let Some(number) = decimal::parse(&word[..digits]) else { return Err(self.wrong("a number")) };
            self.at += digits;
            return Ok(Expr::Value(Value::Number(number)));
        }
        self.at += word.len();
        self.named(word, over)
    }

    fn named(&mut self, word: String, over: bool) -> Result<Expr, String> {
        if let Some((_, all)) = OVERS.iter().find(|(name, _)| *name == word)
            && self.takes("(")
        {
            // One within another would go over all nodes for each node, and so on for each nesting.
            if over {
                return Err(format!("“{word}” cannot stand within another that goes over all nodes"));
            }
            let inner = self.level(0, true)?;
            let all = Expr::Over(*all, Box::new(inner));
            return if self.takes(")") { Ok(all) } else { Err(self.wrong("a closing bracket")) };
        }
        let nodes = &self.world.setup.nodes;
        if let Some((node, probe)) = word.split_once('.')
            && let Some(place) = nodes.iter().position(|n| n.name == node)
        {
            if probe.contains('.') {
                return Err(format!("“{word}” is no name of a probe; a minus needs spaces around it"));
            }
            return Ok(Expr::Probe(Some(place as u16), probe.to_owned()));
        }
        let shows =
            |world: &World, i: usize| Probes::of(world, NodeId(i as u16)).0.iter().any(|(name, _)| *name == word);
        let known = |i: usize| shows(self.world, i) || shows(self.start, i);
        if over && (0..nodes.len()).any(known) {
            return Ok(Expr::Probe(None, word));
        }
        Ok(Expr::Value(Value::Text(word)))
    }
}

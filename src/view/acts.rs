//! What can be done with the thing that is selected: commands with the words and keys that the palette, the menus and
//! the keyboard share.

use super::keys::Deed;
use super::stage::Target;
use super::words;
use crate::base::Micros;
use crate::wire::*;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    pub label: String,
    /// The table of keys has the key.
    pub deed: Deed,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Command(Command),
    /// Something must be asked first.
    Ask(Form),
    Undo,
}

/// A few questions that make a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub title: String,
    pub confirm: &'static str,
    pub fields: Vec<Field>,
    pub kind: FormKind,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub label: String,
    pub value: String,
    pub input: Input,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Number { min: i64, max: i64, unit: &'static str },
    Text,
    Choice(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FormKind {
    Slow(String),
    Clock(String),
    Delay(crate::base::MsgId),
    Shape { from: Vec<String>, to: Vec<String> },
    Request,
}

/// What a set of acts depends on.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    pub opened: &'a Opened,
    pub frame: &'a Frame,
    pub status: &'a Status,
}

impl Bench<'_> {
    fn name(&self, node: u16) -> String {
        self.opened.nodes.get(node as usize).map_or_else(String::new, |n| n.name.clone())
    }

    /// A name for a rule that says what it does, and is free.
    pub fn rule(&self, words: String) -> String {
        let taken = |name: &String| self.status.rules.contains(name);
        let numbered = (2..).map(|n| format!("{words} ({n})"));
        std::iter::once(words.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(words)
    }

    /// About how long a message takes.
    pub fn flight(&self) -> Micros {
        Micros((self.opened.pace_us_per_s * 13 / 10).max(1))
    }

    /// About how long a message takes, in milliseconds: the default pace is made from it.
    fn flight_ms(&self) -> i64 {
        (self.opened.pace_us_per_s as i64 * 13 / 10_000).max(1)
    }
}

/// Everything that can be done with the selection, then what can always be done.
pub fn acts(bench: Bench, selected: Option<Target>) -> Vec<Act> {
    let mut acts = match selected {
        Some(Target::Node(node)) => node_acts(bench, node),
        Some(Target::Link(a, b)) => link_acts(bench, a, b),
        Some(Target::Message(id)) => message_acts(bench, id),
        None => Vec::new(),
    };
    acts.extend(general_acts(bench, selected.is_none()));
    acts
}

fn command(label: impl Into<String>, deed: Deed, command: Command) -> Act {
    Act { label: label.into(), deed, what: What::Command(command) }
}

fn node_acts(bench: Bench, node: u16) -> Vec<Act> {
    let Some(card) = bench.frame.nodes.get(node as usize) else { return Vec::new() };
    let name = bench.name(node);
    let this = || NodeRef { node: name.clone() };
    let mut acts = match card.status {
        NodeStatus::Up => {
            vec![
                command("Crash", Deed::Crash, Command::Crash(this())),
                command("Pause", Deed::Pause, Command::Pause(this())),
            ]
        }
        NodeStatus::Down => vec![command("Restart", Deed::Restart, Command::Restart(this()))],
        NodeStatus::Paused => {
            vec![
                command("Resume", Deed::Pause, Command::Resume(this())),
                command("Crash", Deed::Crash, Command::Crash(this())),
            ]
        }
    };
    acts.push(if card.slow {
        let service = Distribution::Constant(Micros::ZERO);
        command("Full speed", Deed::Slow, Command::Slow(Slow { node: name.clone(), service }))
    } else {
        ask("Slow down…", Deed::Slow, slow_form(bench, &name))
    });
    acts.push(if card.clock_off_us != 0 {
        command(
            "Set clock right",
            Deed::Clock,
            Command::Clock(Clock { node: name.clone(), offset_us: 0, drift_ppm: 0 }),
        )
    } else {
        ask("Skew clock…", Deed::Clock, clock_form(bench, &name))
    });
    let rule = bench.rule(format!("{name} cut off"));
    acts.push(command(
        "Cut off",
        Deed::CutOff,
        Command::Cut(Cut { name: rule, from: vec![name], to: vec![], one_way: false }),
    ));
    let timers = bench.frame.timers.iter().filter(|t| t.id.node.0 == node);
    if let Some(next) = timers.min_by_key(|t| t.due) {
        acts.push(command("Fire next timer", Deed::FireTimer, Command::FireTimer(TimerRef { timer: next.id })));
    }
    if bench.opened.nodes[node as usize].client && !bench.opened.functions.is_empty() {
        acts.push(ask("Request…", Deed::Request, request_form(bench, Some(node))));
    }
    acts
}

fn link_acts(bench: Bench, a: u16, b: u16) -> Vec<Act> {
    let (from, to) = (bench.name(a), bench.name(b));
    let cards = || bench.frame.links.iter().filter(|l| (l.from, l.to) == (a, b) || (l.from, l.to) == (b, a));
    let cut = |words: String, from: &str, to: &str, one_way: bool| {
        Command::Cut(Cut { name: bench.rule(words), from: vec![from.into()], to: vec![to.into()], one_way })
    };
    let mut acts = Vec::new();
    let mut rules: Vec<String> = cards().filter_map(|l| l.cut.clone()).collect();
    rules.dedup();
    if rules.is_empty() {
        acts.push(command("Cut link", Deed::Cut, cut(format!("{from}–{to} cut"), &from, &to, false)));
        acts.push(command(
            format!("Cut {from} → {to}"),
            Deed::CutThere,
            cut(format!("{from}→{to} cut"), &from, &to, true),
        ));
        acts.push(command(
            format!("Cut {to} → {from}"),
            Deed::CutBack,
            cut(format!("{to}→{from} cut"), &to, &from, true),
        ));
    }
    for rule in rules {
        acts.push(command(format!("Heal “{rule}”"), Deed::Cut, Command::Heal(Heal { name: rule })));
    }
    let clogged = cards().any(|l| l.clogged);
    let clog = Clog { from: vec![from.clone()], to: vec![to.clone()], one_way: false, clogged: !clogged };
    acts.push(command(if clogged { "Unclog" } else { "Clog: hold back" }, Deed::Clog, Command::Clog(clog)));
    acts.push(ask("Latency, loss…", Deed::Shape, shape_form(bench, vec![from], vec![to])));
    acts
}

fn message_acts(bench: Bench, id: crate::base::MsgId) -> Vec<Act> {
    let flying = |f: &Flight| f.id == id && f.lost.as_ref().is_none_or(|loss| loss.at > bench.frame.now);
    if !bench.frame.flights.iter().any(flying) {
        return Vec::new();
    }
    let this = || MsgRef { message: id };
    let ms = bench.flight_ms() * 5;
    let fields = vec![number("By", ms, 1, 3_600_000, "ms")];
    let title = "Delay this message".to_owned();
    vec![
        command("Drop message", Deed::Drop, Command::Drop(this())),
        ask("Delay message…", Deed::Delay, Form { title, confirm: "Delay", fields, kind: FormKind::Delay(id) }),
        command("Duplicate", Deed::Duplicate, Command::Duplicate(this())),
        command("Deliver now", Deed::Deliver, Command::DeliverNow(this())),
    ]
}

fn general_acts(bench: Bench, alone: bool) -> Vec<Act> {
    let mut acts = Vec::new();
    if alone && !bench.opened.functions.is_empty() && bench.opened.nodes.iter().any(|n| n.client) {
        acts.push(ask("Request…", Deed::Request, request_form(bench, None)));
    }
    if alone {
        acts.push(ask("All links…", Deed::AllLinks, shape_form(bench, vec![], vec![])));
    }
    let next = bench.frame.flights.iter().filter(|f| f.lost.is_none()).min_by_key(|f| (f.due, f.sent, f.id));
    if let Some(next) = next.filter(|_| alone && bench.frame.held) {
        acts.push(command("Deliver the oldest", Deed::DeliverOldest, Command::DeliverNow(MsgRef { message: next.id })));
    }
    if alone {
        let (label, on) = if bench.frame.held { ("Let messages go", false) } else { ("Hold messages", true) };
        acts.push(command(label, Deed::Hold, Command::Hold(Hold { on })));
    }
    if !bench.status.rules.is_empty() {
        acts.push(command("Heal all cuts", Deed::Heal, Command::Heal(Heal { name: String::new() })));
    }
    if bench.status.commands.iter().any(|c| !c.scripted && c.at <= bench.frame.now) {
        acts.push(Act { label: "Undo".into(), deed: Deed::Undo, what: What::Undo });
    }
    acts
}

fn ask(label: &str, deed: Deed, form: Form) -> Act {
    Act { label: label.into(), deed, what: What::Ask(form) }
}

fn number(label: &str, value: i64, min: i64, max: i64, unit: &'static str) -> Field {
    Field { label: label.into(), value: value.to_string(), input: Input::Number { min, max, unit } }
}

fn slow_form(bench: Bench, name: &str) -> Form {
    let fields = vec![number("Time for each message", bench.flight_ms() * 3, 1, 600_000, "ms")];
    Form { title: format!("Slow {name} down"), confirm: "Slow down", fields, kind: FormKind::Slow(name.into()) }
}

fn clock_form(bench: Bench, name: &str) -> Form {
    let far = 86_400_000;
    let fields = vec![
        number("Ahead by (negative: behind)", bench.flight_ms() * 10, -far, far, "ms"),
        number("Runs fast by (negative: slow)", 0, -500_000, 500_000, "ppm"),
    ];
    Form { title: format!("Skew the clock of {name}"), confirm: "Skew", fields, kind: FormKind::Clock(name.into()) }
}

fn shape_form(bench: Bench, from: Vec<String>, to: Vec<String>) -> Form {
    let title = match (from.first(), to.first()) {
        (Some(a), Some(b)) => format!("The link {a} – {b}"),
        _ => "All links".into(),
    };
    let fields = vec![
        number("Latency", bench.flight_ms(), 0, 3_600_000, "ms"),
        number("Loss", 0, 0, 100, "%"),
        number("Duplicated", 0, 0, 100, "%"),
        number("Bandwidth (0: no limit)", 0, 0, 1_000_000_000, "bytes/s"),
    ];
    Form { title, confirm: "Change", fields, kind: FormKind::Shape { from, to } }
}

fn request_form(bench: Bench, client: Option<u16>) -> Form {
    let clients: Vec<String> = bench.opened.nodes.iter().filter(|n| n.client).map(|n| n.name.clone()).collect();
    let functions: Vec<String> = bench.opened.functions.iter().map(|f| f.f.clone()).collect();
    let first = client.map_or_else(|| clients.first().cloned().unwrap_or_default(), |c| bench.name(c));
    let choice =
        |label: &str, value: String, of: Vec<String>| Field { label: label.into(), value, input: Input::Choice(of) };
    let mut fields = vec![
        choice("Client", first, clients),
        choice("Function", functions.last().cloned().unwrap_or_default(), functions),
    ];
    let text = |label: &str, value: &str| Field { label: label.into(), value: value.into(), input: Input::Text };
    if bench.opened.functions.iter().any(|f| f.has_key) {
        fields.push(text("Key", "x"));
    }
    if bench.opened.functions.iter().any(|f| f.has_value) {
        fields.push(text("Value (where the function takes one)", "1"));
    }
    Form { title: "Send a request".into(), confirm: "Send", fields, kind: FormKind::Request }
}

impl Form {
    /// The command that the answers make. The error is a sentence for the form.
    pub fn command(&self, opened: &Opened, answers: &[String]) -> Result<Command, String> {
        let number = |i: usize| -> Result<i64, String> {
            let field = &self.fields[i];
            let Input::Number { min, max, unit } = field.input else { return Err("not a number".into()) };
            let wrong = || format!("{}: write a whole number from {min} to {max} ({unit}).", field.label);
            let n: i64 = answers.get(i).and_then(|a| a.trim().parse().ok()).ok_or_else(wrong)?;
            if (min..=max).contains(&n) { Ok(n) } else { Err(wrong()) }
        };
        let time = |ms: i64| Micros::ms(ms as u64);
        Ok(match &self.kind {
            FormKind::Slow(node) => {
                Command::Slow(Slow { node: node.clone(), service: Distribution::Constant(time(number(0)?)) })
            }
            FormKind::Clock(node) => {
                let (offset_us, drift_ppm) = (number(0)? * 1_000, number(1)? as i32);
                Command::Clock(Clock { node: node.clone(), offset_us, drift_ppm })
            }
            FormKind::Delay(message) => Command::Delay(DelayMsg { message: *message, by: time(number(0)?) }),
            FormKind::Shape { from, to } => Command::Link(LinkChange {
                from: from.clone(),
                to: to.clone(),
                latency: Some(Distribution::Constant(time(number(0)?))),
                loss: Some(number(1)? as f64 / 100.0),
                duplicate: Some(number(2)? as f64 / 100.0),
                bandwidth: Some(number(3)? as u64),
                ..LinkChange::default()
            }),
            FormKind::Request => request(opened, answers)?,
        })
    }
}

fn request(opened: &Opened, answers: &[String]) -> Result<Command, String> {
    let mut answers = answers.iter().map(|a| a.trim().to_owned());
    let (client, f) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    let info = opened.functions.iter().find(|i| i.f == f).ok_or("Choose a function.")?;
    let any = |has: fn(&FunctionInfo) -> bool| opened.functions.iter().any(has);
    let key = if any(|i| i.has_key) { answers.next().unwrap_or_default() } else { String::new() };
    let value = if any(|i| i.has_value) { answers.next().unwrap_or_default() } else { String::new() };
    if info.has_key && key.is_empty() {
        return Err(format!("{f} needs a key."));
    }
    if info.has_value && value.is_empty() {
        return Err(format!("{f} needs a value."));
    }
    let value = match value.parse::<i64>() {
        _ if !info.has_value => Datum::None,
        Ok(n) => Datum::Int(n),
        Err(_) => Datum::Text(value),
    };
    let key = if info.has_key { key } else { String::new() };
    Ok(Command::Request(ClientRequest { client, op: Op { f: f.into(), key: key.into(), value } }))
}

/// The act that a deed of the keys stands for.
pub fn by_deed(acts: &[Act], deed: Deed) -> Option<&Act> {
    acts.iter().find(|act| act.deed == deed)
}

/// The palette's heading for the selection.
pub fn heading(bench: Bench, selected: Option<Target>) -> String {
    selected.map_or_else(|| "Nothing selected".into(), |target| words::target(bench.opened, bench.frame, target))
}

#[cfg(test)]
mod tests {
    use super::super::keys::{Area, Keys};
    use super::super::tests::{frame, opened};
    use super::*;

    #[test]
    fn keys_are_unique_and_every_form_makes_a_command() {
        let mut opened = opened(5, 2);
        opened.functions = vec![
            FunctionInfo { f: "get".into(), has_key: true, has_value: false },
            FunctionInfo { f: "put".into(), has_key: true, has_value: true },
        ];
        let frame = frame(&opened, 12);
        let status = Status { rules: vec!["n1–n2 cut".into()], ..Status::default() };
        let bench = Bench { opened: &opened, frame: &frame, status: &status };
        let nodes = (0..7).map(|n| Some(Target::Node(n)));
        let messages = frame.flights.iter().map(|f| Some(Target::Message(f.id)));
        for target in nodes.chain(messages).chain([None, Some(Target::Link(0, 1)), Some(Target::Link(2, 6))]) {
            let acts = acts(bench, target);
            for (i, act) in acts.iter().enumerate() {
                assert!(acts[i + 1..].iter().all(|a| a.deed != act.deed), "{target:?}: {:?} twice", act.deed);
                let key = Keys(&[]).key(act.deed);
                let found = Keys(&[]).deed(&[Area::Bench, Area::of(target)], &key);
                assert_eq!(found, Some(act.deed), "{target:?}: {} by {key}", act.label);
                if let What::Ask(form) = &act.what {
                    let defaults: Vec<String> = form.fields.iter().map(|f| f.value.clone()).collect();
                    let made = form.command(&opened, &defaults);
                    assert!(made.is_ok(), "{target:?}: {}: {made:?}", act.label);
                }
            }
        }
        let find = |target, key| {
            let deed = Keys(&[]).deed(&[Area::of(target)], key)?;
            by_deed(&acts(bench, target), deed).map(|a| a.label.clone())
        };
        assert_eq!(find(Some(Target::Node(2)), "r"), Some("Restart".into()));
        assert_eq!(find(Some(Target::Node(0)), "c"), Some("Crash".into()));
        assert_eq!(find(Some(Target::Link(0, 1)), "x"), Some("Heal “cut 1”".into()));
    }

    #[test]
    fn forms_say_what_is_wrong() {
        let opened = opened(1, 1);
        let form = slow_form(Bench { opened: &opened, frame: &frame(&opened, 0), status: &Status::default() }, "n1");
        assert_eq!(
            form.command(&opened, &["much".into()]),
            Err("Time for each message: write a whole number from 1 to 600000 (ms).".into())
        );
    }
}

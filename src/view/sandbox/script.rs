//! The script of a form: workloads field by field, other commands by their words; each has its time.

use super::{Field, Input, choice, is_between, lengths, number};
use crate::base::{Micros, codec, decimal};
use crate::view::faults::Script;
use crate::wire::*;

/// How long a client of a new workload thinks.
const THINK: Micros = Micros::ms(20);

/// The fields of every workload, by its place in the script.
pub fn workloads(info: &ProtocolInfo, sheet: &Sheet) -> Vec<Field> {
    let mut fields = Vec::new();
    let lines = sheet.script.iter().enumerate();
    for (number, (place, line, work)) in (1..).zip(lines.filter_map(|(place, line)| match &line.what {
        Deed::Workload(work) => Some((place, line, work)),
        _ => None,
    })) {
        fields.push(Field::new(format!("remove:{place}"), format!("Workload {number}"), "", Input::Line));
        fields.extend(workload(info, sheet, place, line, work));
    }
    fields
}

fn workload(info: &ProtocolInfo, sheet: &Sheet, place: usize, line: &SheetLine, work: &Workload) -> Vec<Field> {
    let id = |name: &str| format!("work:{place}:{name}");
    let roles =
        info.roles.iter().filter(|role| role.client).map(|role| (role.name.clone(), format!("every {}", role.name)));
    let clients = sheet.nodes.iter().filter(|node| info.roles.iter().any(|r| r.client && r.name == node.role));
    let mut who: Vec<(String, String)> = roles.collect();
    who.extend(clients.map(|node| (node.name.clone(), node.name.clone())));
    let kind = match &work.arrivals {
        Arrivals::Off => "off",
        Arrivals::Open { .. } => "open",
        Arrivals::Closed { .. } => "closed",
    };
    let kinds = choice(&[
        ("closed", "one after the other, thinking in between"),
        ("open", "at a rate, whether or not earlier ones are answered"),
        ("off", "not at all"),
    ]);
    let mut fields = vec![
        Field::new(format!("at:{place}"), "from", line.at.to_string(), Input::Text)
            .about("When it begins, and takes the place of an earlier one. A time, as in “1 s”."),
        Field::new(id("client"), "asks", &work.client, Input::Choice(who)),
        Field::new(id("arrivals"), "operations", kind, kinds),
    ];
    match &work.arrivals {
        Arrivals::Off => return fields,
        Arrivals::Open { rate } => fields.push(
            Field::new(id("rate"), "rate", decimal::shortest(*rate), Input::Number)
                .about("Operations a second of each client, on average. 0.001 to 1,000,000."),
        ),
        Arrivals::Closed { think } => fields.extend(lengths::fields(
            &id("think"),
            "thinks",
            "The time from an answer to the next operation.",
            think,
        )),
    }
    for function in &info.functions {
        let weight = work.mix.get(&function.f).copied().unwrap_or(0);
        let label = format!("share of {}", function.f);
        fields.push(
            Field::new(id(&format!("mix:{}", function.f)), label, weight.to_string(), Input::Number)
                .about("How often, against the other shares. A whole number; 0: never."),
        );
    }
    let (Keys::Uniform { count } | Keys::Zipf { count, .. }) = work.keys;
    fields.push(
        Field::new(id("keys"), "keys", count.to_string(), Input::Number)
            .about("Different keys that it asks for. 1 to 1,000,000; usually 1.")
            .usual("1"),
    );
    fields.push(
        Field::new(id("limit"), "stops after", work.limit.to_string(), Input::Number)
            .about("So many operations of each client. Usually 0: never.")
            .usual("0"),
    );
    fields
}

/// Everything else that the script does.
pub fn lines(sheet: &Sheet) -> Vec<Field> {
    let line = |(place, line): (usize, &SheetLine)| {
        let words = match &line.what {
            Deed::Workload(_) => return None,
            Deed::Link(_) if is_between(line).is_some() => return None,
            Deed::Link(change) => links(change),
            Deed::Other { words, .. } => words.clone(),
        };
        let when = Field::new(format!("at:{place}"), words.clone(), line.at.to_string(), Input::Text);
        Some([when, Field::new(format!("remove:{place}"), words, "", Input::Line)])
    };
    sheet.script.iter().enumerate().filter_map(line).flatten().collect()
}

fn links(change: &LinkChange) -> String {
    let ends = |ends: &[String]| if ends.is_empty() { "all".into() } else { ends.join(", ") };
    let mut words = format!("links from {} to {} change", ends(&change.from), ends(&change.to));
    if let Some(loss) = change.loss {
        words += &format!(", loss {} %", super::percent(loss));
    }
    words
}

pub fn set(sheet: &mut Sheet, head: &str, rest: &str, text: &str) -> Result<(), String> {
    let (place, name) = rest.split_once(':').unwrap_or((rest, ""));
    let place: usize = place.parse().map_err(|_| "There is no such field.")?;
    if head == "at" {
        let at = lengths::time(text)?;
        if place < sheet.script.len() {
            let line = sheet.script.remove(place);
            if line.at == at {
                sheet.script.insert(place, line);
            } else {
                insert(sheet, SheetLine { at, after: 0, ..line });
            }
        }
        return Ok(());
    }
    let Some(SheetLine { what: Deed::Workload(work), .. }) = sheet.script.get_mut(place) else { return Ok(()) };
    let (name, more) = name.split_once(':').unwrap_or((name, ""));
    match (name, &mut work.arrivals) {
        ("client", _) => work.client = text.into(),
        ("arrivals", arrivals) => {
            *arrivals = match text {
                "open" => Arrivals::Open { rate: 10.0 },
                "closed" => Arrivals::Closed { think: Distribution::Constant(THINK) },
                _ => Arrivals::Off,
            }
        }
        ("rate", Arrivals::Open { rate }) => *rate = decimal::parse(text).ok_or("Write a number.")?,
        ("think", Arrivals::Closed { think }) => lengths::set(think, more, text)?,
        ("mix", _) => {
            let weight = number(text, 1_000_000)? as u32;
            work.mix.remove(more);
            if weight > 0 {
                work.mix.insert(more.into(), weight);
            }
        }
        ("keys", _) => {
            let new = number(text, 1_000_000)? as u32;
            let (Keys::Uniform { count } | Keys::Zipf { count, .. }) = &mut work.keys;
            *count = new;
        }
        ("limit", _) => work.limit = number(text, u32::MAX.into())? as u32,
        _ => {}
    }
    Ok(())
}

/// Behind all lines of its time or earlier ones.
fn insert(sheet: &mut Sheet, line: SheetLine) {
    let place = sheet.script.partition_point(|other| (other.at, other.after) <= (line.at, line.after));
    sheet.script.insert(place, line);
}

pub(super) fn put(sheet: &mut Sheet, at: Micros, what: Deed) {
    insert(sheet, SheetLine { at, after: 0, spread: Micros::ZERO, what });
}

pub fn remove(sheet: &mut Sheet, place: usize) {
    if place < sheet.script.len() {
        sheet.script.remove(place);
    }
}

/// One more workload, for all clients of the first role that has clients.
pub fn add_workload(shelf: &Shelf, sheet: &mut Sheet) {
    let Some(info) = super::protocol(shelf, &sheet.protocol) else { return };
    let Some(role) = info.roles.iter().find(|role| role.client) else { return };
    let work = Workload {
        client: role.name.clone(),
        arrivals: Arrivals::Closed { think: Distribution::Constant(THINK) },
        mix: info.functions.iter().take(2).map(|function| (function.f.clone(), 1)).collect(),
        keys: Keys::default(),
        limit: 0,
    };
    put(sheet, Micros::ZERO, Deed::Workload(work));
}

/// A script of faults, from a moment on.
pub fn add_script(sheet: &mut Sheet, at: Micros, name: &str, script: Script) {
    for (later, command) in script {
        let what = match command {
            Command::Link(change) => Deed::Link(change),
            mut other => {
                let nodes: Vec<String> = other.nodes_mut().into_iter().map(|node| node.clone()).collect();
                let nodes = if nodes.is_empty() { String::new() } else { format!(" ({})", nodes.join(", ")) };
                let words = format!("{name}: {}{nodes}", words(&other));
                Deed::Other { words, needs: Needs::Nothing, command: codec::to_bytes(&other) }
            }
        };
        put(sheet, at.plus(later), what);
    }
}

fn words(command: &Command) -> &'static str {
    match command {
        Command::Crash(_) => "crash",
        Command::Restart(_) => "restart",
        Command::Pause(_) => "pause",
        Command::Resume(_) => "resume",
        Command::Slow(_) => "slowness",
        Command::Clock(_) => "the clock jumps",
        Command::Disk(_) => "the disk changes",
        Command::Cut(_) => "cut",
        Command::Heal(_) => "heal",
        _ => "a command",
    }
}

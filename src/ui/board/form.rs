//! The form of what is selected: every parameter with its unit, range and usual value, and the calls with their policies.

use super::super::controls::{begun, tag, words};
use super::does;
use crate::view::board::desk::{Desk, Selected};
use crate::view::board::doc::Part;
use crate::view::board::kinds::{CALL, CLASS, Calls, Field, SHAPES, Takes};
use crate::view::board::toml::{Table, Value};
use crate::view::board::values;
use yew::prelude::*;

pub fn form(desk: &Desk) -> Html {
    let (title, inside) = match &desk.selected {
        Selected::Nothing => return Html::default(),
        Selected::Part(_) if !desk.more.is_empty() => {
            let names = desk.chosen();
            (format!("{} components", names.len()), super::whatif::several(&names))
        }
        Selected::Part(name) => match desk.doc.part(name) {
            Some(part) => (format!("{} {name}", part.kind.title), part_form(desk, &part)),
            None => return Html::default(),
        },
        Selected::Edge(from, to) => (format!("{from} calls {to}"), edge_form(desk, from, to)),
    };
    let close = {
        let keys = &["type", "class", "data-do", "aria-label"];
        tag("button", keys, &["button", "small", "close", "Close (Esc)"], vec![Html::from("×")])
    };
    let mut all = vec![tag("div", &["class"], &["form-head"], vec![words("h2", "", &title), close])];
    all.extend(inside);
    let key = desk.edition.to_string();
    html! {
        <section class="board-form" id="board-form" tabindex="-1" aria-label={title} key={key}>{ for all }</section>
    }
}

/// A label with a field, what it is measured in, and what is wrong with it.
fn labelled(desk: &Desk, path: &str, label: &str, unit: &str, help: &str, field: Html) -> Html {
    let mut inside = vec![words("span", "label", label), field];
    if !unit.is_empty() {
        inside.push(words("span", "unit", unit));
    }
    let mut all = vec![tag("label", &["title"], &[help], inside)];
    if let Some((_, why)) = desk.untaken(path) {
        all.push(words("p", "bad", why));
    }
    tag("div", &["class"], &["field"], all)
}

fn input(path: String, value: String, placeholder: String, numeric: bool) -> Html {
    let mode = if numeric { "decimal" } else { "text" };
    let key = path.clone();
    begun(
        html! { <input type="text" {key} data-set={path} {placeholder} inputmode={mode} autocomplete="off" spellcheck="false" /> },
        &value,
    )
}

fn select(path: String, value: &str, options: &[(String, String)]) -> Html {
    let option = |(key, text): &(String, String)| {
        html! { <option value={key.clone()} selected={key == value}>{ text.clone() }</option> }
    };
    html! { <select data-set={path}>{ for options.iter().map(option) }</select> }
}

fn number(desk: &Desk, path: &str, label: &str, takes: Takes, value: &str, usual: &str) -> Html {
    let shown = desk.untaken(path).map_or(value, |(text, _)| text);
    let numeric = !matches!(takes, Takes::Text | Takes::Names | Takes::Time);
    labelled(desk, path, label, "", "", input(path.to_owned(), shown.to_owned(), usual.to_owned(), numeric))
}

fn field(desk: &Desk, owner: &str, of: &Field) -> Html {
    let path = format!("{owner}/{}", of.key.replace('.', "/"));
    let value = desk.doc.at(&path);
    let usual = of.usual.strip_suffix(".0").unwrap_or(of.usual);
    match of.takes {
        Takes::Spread => spread(desk, &path, of, value),
        Takes::Flag => {
            let checked = value.map_or(of.usual, Value::words) == "true";
            let field = html! { <input type="checkbox" data-set={path.clone()} {checked} /> };
            let label = html! { <label title={of.help}>{ field }<span class="label">{ of.label }</span></label> };
            tag("div", &["class"], &["field flag"], vec![label])
        }
        Takes::Choice(options) => {
            let name = |key: &str| if key.is_empty() { "as the request".to_owned() } else { key.replace('-', " ") };
            let options: Vec<(String, String)> = options.iter().map(|key| ((*key).to_owned(), name(key))).collect();
            let value = value.map_or(of.usual, Value::words);
            labelled(desk, &path, of.label, of.unit, of.help, select(path.clone(), value, &options))
        }
        takes => {
            let own = value.map_or(String::new(), |value| values::shown(takes, value));
            let shown = desk.untaken(&path).map_or(own, |(text, _)| text.to_owned());
            let numeric = matches!(takes, Takes::Whole(..) | Takes::Number(..));
            let field = input(path.clone(), shown, usual.to_owned(), numeric);
            // A slider may have given it another value.
            let key = format!("{path} {}", desk.tries);
            labelled(desk, &path, of.label, of.unit, of.help, html! { <span {key}>{ field }</span> })
        }
    }
}

/// A length of time that is drawn: its shape, and the numbers of that.
fn spread(desk: &Desk, path: &str, of: &Field, value: Option<&Value>) -> Html {
    let shape = value.and_then(Value::table).and_then(|table| table.0.first());
    let name = shape.map_or("", |(name, _)| name.as_str());
    let mut options: Vec<(String, String)> =
        SHAPES.iter().map(|(key, text, _)| ((*key).to_owned(), (*text).to_owned())).collect();
    if shape.is_none() {
        options.insert(0, (String::new(), format!("usual: {}", if of.usual.is_empty() { "–" } else { of.usual })));
    } else if !SHAPES.iter().any(|(key, ..)| *key == name) {
        options.push((name.to_owned(), name.to_owned()));
    }
    let mut fields = vec![labelled(desk, path, of.label, "", of.help, select(format!("shape:{path}"), name, &options))];
    let numbers = SHAPES.iter().find(|(key, ..)| *key == name).map_or(&[][..], |(_, _, numbers)| numbers);
    for (key, usual) in numbers {
        let (path, label) = match key.is_empty() {
            true => (format!("{path}/{name}"), "time"),
            false => (format!("{path}/{name}/{key}"), *key),
        };
        let takes = values::takes(&path).unwrap_or(Takes::Time);
        let value = desk.doc.at(&path).map_or(String::new(), |value| values::shown(takes, value));
        fields.push(number(desk, &path, label, takes, &value, usual));
    }
    tag("fieldset", &["class"], &["spread"], fields)
}

fn part_form(desk: &Desk, part: &Part<'_>) -> Vec<Html> {
    let name = part.name.to_owned();
    let path = format!("name:{name}");
    let own = desk.untaken(&path).map_or(name.clone(), |(text, _)| text.to_owned());
    let mut inside = vec![words("p", "n", part.kind.is), super::whatif::sliders(desk, part)];
    inside.push(labelled(desk, &path, "Name", "", "", input(path.clone(), own, String::new(), false)));
    let given = |key: &str| desk.exercise.as_ref().is_some_and(|exercise| exercise.gives(part.kind.table, key));
    let own = part.kind.fields.iter().filter(|of| !given(of.key));
    inside.extend(own.map(|of| field(desk, &part.path(), of)));
    if let Some(exercise) = &desk.exercise {
        let shown = |(key, value): &(String, Value)| {
            let field = part.kind.fields.iter().find(|field| field.key == key);
            let label = field.map_or(key.as_str(), |field| field.label);
            let value = field.map_or_else(|| value.words().to_owned(), |field| values::shown(field.takes, value));
            [words("dt", "", label), words("dd", "", &value)]
        };
        let given: Vec<Html> = exercise.given(part.kind.table).iter().flat_map(shown).collect();
        if !given.is_empty() {
            inside.push(words("h3", "", "Given by the exercise"));
            inside.push(tag("dl", &["class"], &["given"], given));
        }
        inside.push(words("p", "n", "What is not here is as it comes."));
    } else if part.kind.table == "clients" {
        inside.push(classes(desk, part));
    }
    if part.kind.calls != Calls::None {
        inside.push(calls(desk, part));
    }
    let deeds = vec![does("", "copy", "Copy"), does("danger", "remove", "Remove it")];
    inside.push(tag("div", &["class"], &["deeds"], deeds));
    inside
}

/// The classes of a population's requests.
fn classes(desk: &Desk, part: &Part<'_>) -> Html {
    let one = |(i, class): (usize, &Value)| {
        let path = format!("{}/classes/{i}", part.path());
        let mut inside: Vec<Html> = CLASS.iter().map(|of| field(desk, &path, of)).collect();
        inside.push(does("small", &format!("drop:{path}"), "Remove"));
        let name = class.table().map_or("", |class| class.words("name"));
        let inside = tag("div", &["class"], &["inner"], inside);
        tag("details", &[], &[], vec![words("summary", "", &format!("Class {name}")), inside])
    };
    let mut all = vec![words("h3", "", "What is asked for")];
    all.extend(part.table.list("classes").iter().enumerate().map(one));
    all.push(does("small", &format!("add-class:{}", part.name), "Another class"));
    tag("div", &["class"], &["calls"], all)
}

/// A call in a few words: "memory, on a read, up to 20 ms".
fn told(call: &Table) -> String {
    let to: Vec<&str> = call.list("to").iter().map(Value::words).collect();
    let mut text = to.join(" and ");
    match call.words("when") {
        "" | "always" => {}
        when => text += &format!(", on a {when}"),
    }
    if !call.words("does").is_empty() {
        text += &format!(", {}", call.words("does"));
    }
    if !call.words("time-out").is_empty() {
        text += &format!(", up to {}", call.words("time-out"));
    }
    text
}

fn calls(desk: &Desk, part: &Part<'_>) -> Html {
    let many = part.kind.calls == Calls::Many;
    let mut all = vec![words("h3", "", if many { "Calls, in this order" } else { "Calls" })];
    let list: Vec<Html> = part
        .calls()
        .into_iter()
        .enumerate()
        .map(|(i, (path, call))| tag("li", &[], &[], vec![call_form(desk, &path, call, many && i > 0)]))
        .collect();
    if !list.is_empty() {
        all.push(tag("ol", &[], &[], list));
    }
    let mut options = vec![(String::new(), String::from(if many { "Add a call to…" } else { "Choose…" }))];
    let others = desk.doc.parts().into_iter().filter(|other| other.name != part.name && other.kind.table != "clients");
    options.extend(others.map(|other| (other.name.to_owned(), other.name.to_owned())));
    let label = if many { "Another call" } else { "What it calls" };
    let path = format!("call:{}", part.name);
    all.push(labelled(desk, &path, label, "", "", select(path.clone(), "", &options)));
    let mut deeds = vec![does("small", &format!("connect:{}", part.name), "Choose it on the board (C)")];
    if part.kind.table == "services" {
        deeds.push(does("small", &format!("aside:{}", part.name), "Cache aside"));
    }
    all.push(tag("div", &["class"], &["deeds"], deeds));
    tag("div", &["class"], &["calls"], all)
}

fn call_form(desk: &Desk, path: &str, call: &Table, earlier: bool) -> Html {
    let own = CALL.iter().filter(|of| desk.exercise.is_none() || of.key != "latency");
    let mut inside: Vec<Html> = own.map(|of| field(desk, path, of)).collect();
    let mut deeds = Vec::new();
    if earlier {
        deeds.push(does("small", &format!("earlier:{path}"), "Earlier"));
    }
    for to in call.list("to").iter().map(Value::words) {
        deeds.push(does("small", &format!("uncall:{path}|{to}"), &format!("No call to {to}")));
    }
    inside.push(tag("div", &["class"], &["deeds"], deeds));
    let inside = tag("div", &["class"], &["inner"], inside);
    tag("details", &[], &[], vec![words("summary", "", &told(call)), inside])
}

fn edge_form(desk: &Desk, from: &str, to: &str) -> Vec<Html> {
    let Some(part) = desk.doc.part(from) else { return Vec::new() };
    let many = part.kind.calls == Calls::Many;
    let own = part
        .calls()
        .into_iter()
        .enumerate()
        .filter(|(_, (_, call))| call.list("to").iter().any(|other| other.words() == to));
    let list: Vec<Html> =
        own.map(|(i, (path, call))| tag("li", &[], &[], vec![call_form(desk, &path, call, many && i > 0)])).collect();
    let mut inside = Vec::new();
    let measured = desk.seen.as_ref().map(|seen| {
        let all = seen.edges.iter().filter(|edge| edge.from == from && edge.to == to);
        all.fold([0; 4], |sum, e| [sum[0] + e.attempts, sum[1] + e.retries, sum[2] + e.timed_out, sum[3] + e.refused])
    });
    if let Some([attempts, retries, late, refused]) = measured.filter(|all| all[0] > 0) {
        use crate::view::board::score::grouped;
        let told = format!(
            "{} attempts in the run; {} of them again, {} too late, {} refused by a breaker.",
            grouped(attempts as i64),
            grouped(retries as i64),
            grouped(late as i64),
            grouped(refused as i64)
        );
        inside.push(words("p", "n", &told));
    }
    inside.push(tag("ol", &["class"], &["calls"], list));
    let deeds =
        vec![does("small", &format!("select:{from}"), &format!("To {from}")), does("danger", "remove", "Remove")];
    inside.push(tag("div", &["class"], &["deeds"], deeds));
    inside
}

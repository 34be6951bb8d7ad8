//! Beside the board: what the design must fulfil and how it stands, what goes wrong in its runs, and how long they are.

use super::super::controls::{begun, link, tag, words};
use super::{can, does, file, form, interview};
use crate::view::board::desk::{Desk, Standing};
use crate::view::board::kinds::{Field, RUN, Takes};
use crate::view::board::picture;
use crate::view::board::score::{Bar, Line, grouped};
use crate::view::board::toml::Value;
use crate::view::board::values;
use crate::view::route::Route;
use crate::view::words as say;
use yew::prelude::*;

pub fn guide(desk: &Desk) -> Html {
    let title = if desk.doc.title().is_empty() { "A design" } else { desk.doc.title() };
    html! {
        <>
            if !desk.tall { { file::refused(desk) } }
            if !desk.tall { { form::form(desk) } }
            <p class="meta">{ link("", &Route::Design(String::new()).href(), "Designs") }</p>
            <h1>{ title }</h1>
            if let Some(exercise) = &desk.exercise {
                { interview::head(desk, exercise) }
                { interview::phase(desk, exercise) }
            }
            { wrong(desk) }
            { score(desk) }
            { bottleneck(desk) }
            if let Some(exercise) = &desk.exercise {
                <p class="n">{ format!("Load, faults, requirements and how fast and dear parts are come from the exercise. {}.", exercise.prices()) }</p>
            } else {
                { requirements(desk) }
                { faults(desk) }
                { run(desk) }
            }
            { hands() }
        </>
    }
}

/// What the board hears besides clicks.
const HANDS: [&str; 6] = [
    "Arrows lead from component to component; with Shift they select several, with Alt they move what is selected.",
    "Enter opens a form, C begins a call that Enter ends, Delete takes away.",
    "= is closer, - further, 0 all of the board; Ctrl and an arrow push it.",
    "The wheel or two fingers look closer, a drag where nothing stands pushes the board then.",
    "Shift and a click select one more; so does a rectangle that is drawn where nothing stands.",
    "Ctrl and C, X, V, A, Z, Y: copy, cut, paste, select all, back, forth.",
];

fn hands() -> Html {
    let list = HANDS.iter().map(|text| words("li", "", text)).collect();
    let inside = vec![words("summary", "", "Keys and gestures"), tag("ul", &[], &[], list)];
    tag("div", &["class"], &["section"], vec![tag("details", &["class"], &["hands"], inside)])
}

/// What keeps the design from being run.
fn wrong(desk: &Desk) -> Html {
    let Some((line, why)) = &desk.wrong else { return Html::default() };
    let place = if *line > 0 { format!("Line {line}: ") } else { String::new() };
    let inside = vec![
        words("b", "", "This cannot be run yet"),
        words("p", "", &format!("{place}{why}")),
        does("small", "tab:7", "Show the text"),
    ];
    tag("div", &["class", "role"], &["card wrong", "alert"], inside)
}

fn score(desk: &Desk) -> Html {
    let scores = &desk.scores;
    let who = match &desk.standing {
        Standing::Unasked => "not graded yet".to_owned(),
        Standing::Failed(why) => why.clone(),
        _ => format!("{} of {} seeds", grouped(scores.done() as i64), grouped(scores.wanted as i64)),
    };
    let head = vec![Html::from("Score"), words("span", "who", &who)];
    let mut inside = vec![tag("h2", &["class"], &["card-title"], head)];
    if desk.standing == Standing::Running {
        let (done, all) = (scores.done().to_string(), scores.wanted.to_string());
        inside.push(tag("progress", &["max", "value", "aria-label"], &[&all, &done, "Seeds graded"], Vec::new()));
    }
    if desk.is_changed() {
        inside.push(words("p", "n", "The design was changed since: run it again."));
    }
    let lines = scores.lines();
    if lines.is_empty() {
        let listed = desk.opened.iter().flat_map(|opened| &opened.requirements);
        let list: Vec<Html> = listed.map(|r| requirement_row("open", "○", &r.text, "")).collect();
        if list.is_empty() {
            inside.push(words(
                "p",
                "",
                "It has no requirements yet. Write some below: without them there is nothing to grade.",
            ));
        } else {
            inside.push(tag("ul", &["class"], &["score"], list));
        }
    } else {
        if scores.limited > 0 {
            inside.push(words(
                "p",
                "bad",
                &format!("{} runs met a bound of the model and say little.", scores.limited),
            ));
        }
        inside.push(tag("ul", &["class"], &["score"], lines.iter().map(line).collect()));
    }
    let seeds = html! {
        <label class="seeds">{ "Seeds " }<input type="number" min="1" max="5000" data-set="seeds:" value={desk.seeds.to_string()} /></label>
    };
    let run = if desk.standing == Standing::Running {
        does("", "cancel", "Cancel")
    } else {
        can("", "run", "Grade it", desk.is_ready())
    };
    inside.push(tag("div", &["class"], &["deeds"], vec![seeds, run]));
    tag("section", &["class", "aria-label"], &["card scores", "Score"], inside)
}

fn requirement_row(class: &str, sign: &str, text: &str, value: &str) -> Html {
    let inside = vec![words("span", "sign", sign), words("span", "text", &readable(text)), words("span", "v", value)];
    tag("li", &["class"], &[class], inside)
}

/// "p99(read) <= 200ms in 95%" as one says it: "p99 of read ≤ 200ms, in 95% of runs".
fn readable(text: &str) -> String {
    let (what, share) = text.split_once(" in ").map_or((text, None), |(what, share)| (what, Some(share)));
    let what = what.replace("()", "").replace('(', " of ").replace(')', "").replace("<=", "≤").replace(">=", "≥");
    share.map_or(what.clone(), |share| format!("{what}, in {} of runs", share.trim()))
}

fn line(of: &Line) -> Html {
    let (class, sign) = if of.met { ("met", "✓") } else { ("missed", "✗") };
    let value =
        if of.good == of.all { format!("{} / {}", of.good, of.all) } else { format!("{} of {}", of.good, of.all) };
    let state = if of.met { "met" } else { "missed" };
    let mut inside = vec![
        words("span", "sign", sign),
        words("span", "text", &readable(&of.text)),
        words("span", "v", &value),
        words("span", "sr-only", state),
    ];
    if !of.bars.is_empty() {
        inside.push(bars(of));
    }
    let mut facts = if of.same { format!("always {}", of.worst) } else { format!("median {}", of.median) };
    if !of.margin.is_empty() {
        facts += &format!(" · {}", of.margin);
    }
    let worst = if of.same { "open a run".to_owned() } else { format!("worst: {}, seed {}", of.worst, of.worst_seed) };
    let open = tag(
        "button",
        &["type", "class", "data-do"],
        &["button", "link", &format!("seed:{}", of.worst_seed)],
        vec![Html::from(worst)],
    );
    inside.push(tag("span", &["class"], &["facts"], vec![words("span", "", &format!("{facts} · ")), open]));
    tag("li", &["class"], &[class], inside)
}

/// How what it measures is distributed over the seeds; a bar leads to one of them.
fn bars(of: &Line) -> Html {
    const WIDTH: usize = 10;
    let most = of.bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let bar = |(i, bar): (usize, &Bar)| {
        let high = (bar.count * 34).div_ceil(most);
        let told = format!("{} to {}: {}", bar.from, bar.to, say::count(bar.count as u64, "run", "runs"));
        let class = if bar.good { "good" } else { "bad" };
        let (x, y, h) = ((i * WIDTH + 1).to_string(), (36 - high).to_string(), high.to_string());
        let keys = &["class", "x", "y", "width", "height", "data-do"];
        let deed = format!("seed:{}", bar.seed);
        tag("rect", keys, &[class, &x, &y, "8", &h, &deed], vec![words("title", "", &told)])
    };
    let shown = of.bars.iter().enumerate().filter(|(_, bar)| bar.count > 0);
    let mut inside: Vec<Html> = shown.map(bar).collect();
    let width = of.bars.len() * WIDTH;
    if let Some(at) = of.bound_at {
        let x = (at * width as f64) as usize;
        inside.push(tag(
            "path",
            &["class", "d"],
            &["bound", &format!("M{x} 0V36")],
            vec![words("title", "", &of.bound)],
        ));
    }
    let view = format!("0 0 {width} 37");
    let svg = tag("svg", &["viewBox", "preserveAspectRatio", "aria-hidden"], &[&view, "none", "true"], inside);
    tag("span", &["class"], &["bars"], vec![svg])
}

fn bottleneck(desk: &Desk) -> Html {
    let Some(seen) = desk.seen.as_ref().filter(|_| desk.seen_of == desk.text) else { return Html::default() };
    let Some(found) = seen.bottleneck() else { return Html::default() };
    let name = &found.name;
    let show = format!("select:{name}");
    let inside = vec![
        words("b", "", &found.title),
        words("p", "", &format!("{} (seed {}, the slowest hundredth of its requests.)", found.evidence, seen.seed)),
        does("small", &show, &format!("Show {name}")),
    ];
    let class = if found.easy { "card limits easy" } else { "card limits" };
    tag("section", &["class", "aria-label"], &[class, "What limits the design next"], inside)
}

fn input(path: String, value: String, label: &str) -> Html {
    let key = path.clone();
    begun(
        html! { <input type="text" {key} data-set={path} aria-label={label.to_owned()} autocomplete="off" spellcheck="false" /> },
        &value,
    )
}

fn requirements(desk: &Desk) -> Html {
    let one = |(i, value): (usize, &Value)| {
        let path = format!("requirements/{i}");
        let drop = does("small", &format!("drop:{path}"), "Remove");
        tag("li", &["class"], &["row"], vec![input(path, value.words().to_owned(), "Requirement"), drop])
    };
    let list: Vec<Html> = desk.doc.0.list("requirements").iter().enumerate().map(one).collect();
    let inside = vec![
        words("summary", "", &format!("Requirements ({})", list.len())),
        words(
            "p",
            "n",
            "As in p99(read) <= 60ms in 95%, answered(read) >= 99%, hits(cache) >= 60%, stale(read) <= 1%, lost(database) <= 0, use(database) <= 60%, cost() <= 1200.",
        ),
        tag("ul", &["class"], &["rows"], list),
        does("small", "add-requirement", "Another requirement"),
    ];
    keyed(desk, tag("details", &[], &[], inside))
}

/// Fields begin anew when what they stand for was put here as a whole.
fn keyed(desk: &Desk, inside: Html) -> Html {
    html! { <div class="section" key={desk.edition.to_string()}>{ inside }</div> }
}

/// What can go wrong, as `Harm` has it.
const HARMS: [(&str, &str); 7] = [
    ("down", "an instance is down"),
    ("slow", "is slow"),
    ("cut", "calls are cut"),
    ("zone", "a zone is down"),
    ("region", "a region is down"),
    ("hot", "one key is hot"),
    ("deploy", "a bad version"),
];

/// Whether there is anything that it could befall.
fn takes_place(desk: &Desk, kind: &str) -> bool {
    match kind {
        "zone" | "region" => !desk.doc.zones().is_empty(),
        "hot" => desk.doc.0.table("keys").is_some_and(|keys| !keys.0.is_empty()),
        _ => true,
    }
}

fn one_of(label: &str, path: String, names: &[String], chosen: &str) -> Html {
    let option =
        |name: &String| html! { <option value={name.clone()} selected={*name == chosen}>{ name.clone() }</option> };
    html! { <label>{ label.to_owned() }<select data-set={path}>{ for names.iter().map(option) }</select></label> }
}

fn faults(desk: &Desk) -> Html {
    let told = picture::faults(&desk.doc);
    let (zones, regions) = (desk.doc.zones(), desk.doc.regions());
    let spaces: Vec<String> =
        desk.doc.0.table("keys").map_or(&[][..], |keys| &keys.0).iter().map(|(name, _)| name.clone()).collect();
    let names: Vec<String> =
        desk.doc.parts().iter().filter(|part| part.kind.table != "clients").map(|part| part.name.to_owned()).collect();
    let one = |(i, value): (usize, &Value)| {
        let path = format!("faults/{i}");
        let fault = value.table();
        let kind = fault.and_then(|f| f.table("does")).and_then(|does| does.0.first());
        let (kind, harm) = kind.map_or(("down", None), |(kind, harm)| (kind.as_str(), harm.table()));
        let field = |key: &str, label: &str| {
            let value = fault.map_or("", |fault| fault.words(key)).to_owned();
            html! { <label>{ label.to_owned() }{ input(format!("{path}/{key}"), value, label) }</label> }
        };
        let option = |key: &str, text: &str| html! { <option value={key.to_owned()} selected={key == kind}>{ text.to_owned() }</option> };
        let offered =
            HARMS.iter().filter(|(key, _)| *key == kind || takes_place(desk, key)).map(|(key, text)| option(key, text));
        let kinds =
            html! { <label>{ "what" }<select data-set={format!("harm:{path}")}>{ for offered }</select></label> };
        let mut fields = vec![field("at", "from"), field("until", "until"), kinds];
        for key in harm.iter().flat_map(|harm| &harm.0).map(|(key, _)| key.as_str()) {
            let (value, path) =
                (harm.map_or("", |harm| harm.words(key)).to_owned(), format!("{path}/does/{kind}/{key}"));
            if matches!(key, "component" | "from" | "to") {
                fields.push(one_of(key, path, &names, &value));
            } else if key == "keys" {
                fields.push(one_of(key, path, &spaces, &value));
            } else {
                fields.push(html! { <label>{ key.to_owned() }{ input(path, value, key) }</label> });
            }
        }
        let places = if kind == "zone" { &zones } else { &regions };
        if matches!(kind, "zone" | "region") {
            let value = fault.and_then(|f| f.table("does")).map_or("", |does| does.words(kind));
            fields.push(one_of(kind, format!("{path}/does/{kind}"), places, value));
        }
        fields.push(does("small", &format!("drop:{path}"), "Remove"));
        tag("li", &["class"], &["fault"], fields)
    };
    let list: Vec<Html> = desk.doc.0.list("faults").iter().enumerate().map(one).collect();
    let said: Vec<String> = told
        .iter()
        .map(|(from, until, told)| match until {
            Some(until) => format!("{told} from {} to {}", say::length(*from), say::length(*until)),
            None => format!("{told} from {}", say::length(*from)),
        })
        .collect();
    let inside = vec![
        words("summary", "", &format!("What goes wrong ({})", list.len())),
        words("p", "n", &if said.is_empty() { "Nothing yet.".to_owned() } else { format!("{}.", said.join("; ")) }),
        tag("ul", &["class"], &["rows"], list),
        does("small", "add-fault", "Another fault"),
    ];
    keyed(desk, tag("details", &[], &[], inside))
}

fn run(desk: &Desk) -> Html {
    let field = |of: &Field| {
        let path = format!("run/{}", of.key);
        let value = desk.doc.at(&path).map_or(of.usual.to_owned(), |value| values::shown(of.takes, value));
        let why = desk.untaken(&path).map_or(Html::default(), |(_, why)| words("p", "bad", why));
        html! { <li class="row"><label title={of.help}>{ of.label }{ input(path, value, of.label) }</label>{ why }</li> }
    };
    let spaces = desk.doc.0.table("keys").map_or(&[][..], |table| &table.0);
    let space = |(name, value): &(String, Value)| {
        let table = value.table();
        let one = |key: &str, label: &str, usual: &str| {
            let value = table
                .and_then(|t| t.get(key))
                .map_or(usual.to_owned(), |value| values::shown(Takes::Number(0.0, 0.0), value));
            html! { <label>{ format!("{name}: {label}") }{ input(format!("keys/{name}/{key}"), value, label) }</label> }
        };
        html! { <li class="row">{ one("count", "keys", "") }{ one("zipf", "Zipf", "0.99") }</li> }
    };
    let title = html! { <li class="row"><label>{ "Title" }{ input("title".into(), desk.doc.title().to_owned(), "Title") }</label></li> };
    let mut list = vec![title];
    list.extend(RUN.iter().map(field));
    list.extend(spaces.iter().map(space));
    let inside = vec![words("summary", "", "The run, its keys, its title"), tag("ul", &["class"], &["rows"], list)];
    keyed(desk, tag("details", &[], &[], inside))
}

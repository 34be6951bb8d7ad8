//! The open run's scenario under many seeds: how far the workers are, verdicts, and the distribution of each measure. A bar
//! and a seed lead to the run; every distribution is a table too.

use super::super::app::Ctx;
use super::super::controls::{button, details, tag, words};
use super::jobs;
use crate::base::Micros;
use crate::view::jobs::Standing;
use crate::view::jobs::sweep::{Ask, Fallen, HEIGHT, Measure, Sweep, WIDTH};
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// The numbers of the form: words, least, most.
const FIELDS: [(&str, u64, u64); 3] =
    [("Seeds", 1, 100_000), ("from seed", 0, 1_000_000_000), ("seconds each, simulated", 1, 600)];

pub fn sweep(ctx: &Ctx) -> Html {
    let known = jobs::known(&ctx.state.jobs);
    let sweep = &known.sweep;
    let onclick = {
        let ctx = ctx.clone();
        Callback::from(move |event: MouseEvent| {
            let place = event.target_unchecked_into::<Element>().closest("[data-seed]").ok().flatten();
            let seed = place.and_then(|place| place.get_attribute("data-seed")?.parse().ok());
            if let Some(seed) = seed {
                jobs::open_seed(&ctx.lab, seed);
            }
        })
    };
    html! {
        <div class="list jobs" {onclick}>
            { form(ctx, sweep) }
            { came(sweep) }
        </div>
    }
}

fn form(ctx: &Ctx, sweep: &Sweep) -> Html {
    let running = sweep.standing == Standing::Running;
    if running {
        let (done, all) = (sweep.done.to_string(), sweep.ask.count.to_string());
        let bar = tag("progress", &["value", "max"], &[&done, &all], Vec::new());
        let label = tag("label", &[], &[], vec![Html::from(sweep.progress()), bar]);
        let lab = ctx.lab.clone();
        let stop = Callback::from(move |_: MouseEvent| jobs::end_sweep(&lab, Standing::Stopped));
        return tag("div", &["class"], &["running"], vec![label, button("", "Cancel", stop)]);
    }
    let Ask { first, count, until, faults } = sweep.next.clone();
    let values = [count, first, until.0 / 1_000_000];
    let number = |(place, (name, least, most)): (usize, &(&'static str, u64, u64))| {
        let (ctx, least, most) = (ctx.clone(), *least, *most);
        let onchange = Callback::from(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            let value = if value.is_nan() { least } else { (value as u64).clamp(least, most) };
            jobs::change(&ctx.lab, |jobs| match place {
                0 => jobs.sweep.next.count = value,
                1 => jobs.sweep.next.first = value,
                _ => jobs.sweep.next.until = Micros(value * 1_000_000),
            });
        });
        html! {
            <label>{ *name }<input type="number" min={least.to_string()} max={most.to_string()} value={values[place].to_string()} {onchange} /></label>
        }
    };
    let rough = {
        let lab = ctx.lab.clone();
        Callback::from(move |_: Event| jobs::change(&lab, |jobs| jobs.sweep.next.faults = !jobs.sweep.next.faults))
    };
    let start = {
        let ctx = ctx.clone();
        Callback::from(move |_: MouseEvent| jobs::sweep(&ctx))
    };
    let words = if sweep.done == 0 { "Sweep" } else { "Sweep again" };
    html! {
        <div class="ask">
            { for FIELDS.iter().enumerate().map(number) }
            <label class="check"><input type="checkbox" checked={faults} onchange={rough} />{ "Random faults up to there, then all heals and must go on" }</label>
            { button("pri", words, start) }
        </div>
    }
}

/// What came so far.
fn came(sweep: &Sweep) -> Html {
    let mut parts = Vec::new();
    match &sweep.standing {
        Standing::Unasked => {
            let said = "The scenario of the open run, with all that was done in it, under one seed after another: which properties fall, and how its measures are distributed. A bar leads to a run.";
            return words("p", "n", said);
        }
        Standing::Failed(why) => parts.push(words("p", "bad", why)),
        _ => {}
    }
    parts.push(words("p", "n", &sweep.said()));
    if sweep.done > 0 {
        parts.push(verdicts(sweep));
    }
    let shown = sweep.measures.iter().filter(|measure| measure.count > 0).map(figure);
    parts.push(tag("div", &["class"], &["plots"], shown.collect()));
    tag("div", &["role"], &["status"], parts)
}

fn seed_button(seed: u64, text: &str) -> Html {
    let keys = &["type", "class", "data-seed"];
    tag("button", keys, &["button", "link", &seed.to_string()], vec![Html::from(text)])
}

fn verdicts(sweep: &Sweep) -> Html {
    let line = |cells: Vec<Html>| tag("tr", &[], &[], cells);
    let head = |text: &str| tag("th", &["scope"], &["row"], vec![Html::from(text)]);
    let mut lines = Vec::new();
    let good = if sweep.ask.faults { "Every property held, and it went on" } else { "Every property held" };
    lines.push(line(vec![head(good), words("td", "good", &sweep.good.to_string()), words("td", "", "")]));
    if sweep.limited > 0 {
        let limited = words("td", "", &sweep.limited.to_string());
        lines.push(line(vec![head("Met a bound of the engine: says nothing"), limited, words("td", "", "")]));
    }
    let fallen = |fallen: &Fallen| {
        let mut seeds: Vec<Html> = vec![Html::from("seed ")];
        for seed in &fallen.seeds {
            seeds.push(seed_button(*seed, &seed.to_string()));
        }
        seeds.push(words("p", "n", &fallen.why));
        let count = words("td", "bad", &fallen.count.to_string());
        line(vec![head(&format!("✗ {}", fallen.property)), count, tag("td", &[], &[], seeds)])
    };
    lines.extend(sweep.fallen.iter().map(fallen));
    let body = tag("tbody", &[], &[], lines);
    let table = tag("table", &[], &[], vec![words("caption", "", "Verdicts"), body]);
    tag(
        "div",
        &["class", "tabindex", "role", "aria-label"],
        &["scroll verdict", "0", "region", "Verdicts"],
        vec![table],
    )
}

fn figure(measure: &Measure) -> Html {
    let figures = measure
        .figures()
        .into_iter()
        .map(|(name, value)| tag("div", &[], &[], vec![words("dt", "", name), words("dd", "", &value)]));
    let inside = vec![
        tag(
            "figcaption",
            &["title"],
            &[&measure.meaning],
            vec![Html::from(measure.name.as_str()), words("span", "n", &measure.count.to_string())],
        ),
        picture(measure),
        tag("dl", &[], &[], figures.collect()),
        details("As a table", table(measure)),
    ];
    tag("figure", &["class"], &["plot"], inside)
}

/// Bars, for eyes and pointers; the table has the same for all.
fn picture(measure: &Measure) -> Html {
    let bars = measure.bars();
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let mut parts = Vec::new();
    for (place, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.count > 0) {
        let (x, high) = ((place as u64 * WIDTH).to_string(), bar.height(most));
        let said = format!("{} to {}: {}", measure.value(bar.from), measure.value(bar.to), bar.count);
        let (y, height, width) = ((HEIGHT - high).to_string(), high.to_string(), (WIDTH - 2).to_string());
        let all = HEIGHT.to_string();
        let ground = tag("rect", &["class", "x", "width", "height"], &["ground", &x, &width, &all], Vec::new());
        let rect = tag("rect", &["x", "y", "width", "height"], &[&x, &y, &width, &height], Vec::new());
        let inside = vec![words("title", "", &said), ground, rect];
        parts.push(tag("g", &["data-seed"], &[&bar.seed.to_string()], inside));
    }
    let width = (bars.len() as u64 * WIDTH).to_string();
    let view = format!("0 0 {width} {HEIGHT}");
    let keys = &["viewBox", "width", "height", "aria-hidden"];
    let svg = tag("svg", keys, &[&view, &width, &HEIGHT.to_string(), "true"], parts);
    let region = &["class", "tabindex", "role", "aria-label"];
    let name = format!("{} as bars; the table below has them too", measure.name);
    tag("div", region, &["bars", "0", "region", &name], vec![svg])
}

fn table(measure: &Measure) -> Html {
    let heads = ["from", "to", "values", "a run"].map(|head| words("th", "", head)).to_vec();
    let mut lines = vec![tag("tr", &[], &[], heads)];
    for bar in measure.bars().iter().filter(|bar| bar.count > 0) {
        let seed = seed_button(bar.seed, &format!("seed {}", bar.seed));
        lines.push(tag(
            "tr",
            &[],
            &[],
            vec![
                words("td", "", &measure.value(bar.from)),
                words("td", "", &measure.value(bar.to)),
                words("td", "", &bar.count.to_string()),
                tag("td", &[], &[], vec![seed]),
            ],
        ));
    }
    let region = &["class", "tabindex", "role", "aria-label"];
    tag("div", region, &["scroll", "0", "region", &measure.name], vec![tag("table", &[], &[], lines)])
}

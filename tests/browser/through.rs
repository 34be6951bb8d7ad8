//! Lessons gone through from the first step to the last, as their own solutions say: buttons pressed and machines broken
//! on the bench at the told moments, predictions made, designs chosen. Each step is kept as pictures.

use crate::ENGINE;
use crate::boxes::assert_fits;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::json;
use std::path::Path;
use toml::{Table, Value};

/// A course is gone through on a desk or on a phone.
#[derive(Clone, Copy, PartialEq)]
enum Device {
    Desk,
    Phone,
}

/// Plays as a learner does, at a speed of one's own: `arguments` are a moment in milliseconds and goals.
const PLAY: &str = r#"
    const [moment, goals] = arguments;
    const clock = () => parseFloat(document.querySelector('#clock').textContent) * 1000;
    const met = () => goals.length && goals.every(goal => document.querySelector(`[data-goal="${goal}"][data-state=met]`));
    const button = document.querySelector('#play'), slider = document.querySelector('.speed input');
    const speed = to => {
      if (slider.value === String(to)) return;
      slider.value = to;
      slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
    };
    const pace = () => document.querySelector('.speed output').textContent.split('/').map(parseFloat).reduce((a, b) => a / b);
    const frame = () => new Promise(done => requestAnimationFrame(done));
    return (async () => {
      speed(50);
      await frame(); await frame();
      const base = pace(), begun = performance.now();
      for (let asked = 0; clock() < moment && !met();) {
        const since = performance.now() - begun;
        // Started again where the run had come to rest, or had not begun yet.
        if (button.ariaLabel === 'Play') {
          if (asked++ > 2) break;
          button.click();
          await frame(); await frame(); await frame();
        }
        const want = goals.length ? base * 2 ** (since / 400) : Math.max(base, (moment - clock()) / 250);
        speed(Math.max(50, Math.min(100, 50 + Math.floor(5 * Math.log2(want / base)))));
        if (since > 50000) break;
        await frame();
      }
      if (button.ariaLabel === 'Pause') button.click();
      speed(50);
      await frame(); await frame();
    })()"#;

/// The lesson that home leads to.
const FIRST: &str = "one-machine";

struct Course {
    page: Page,
    device: Device,
    slug: &'static str,
    lesson: Table,
    solution: Table,
}

fn read(slug: &str, file: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons").join(slug).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.parse().unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn list<'a>(table: &'a Table, key: &str) -> Vec<&'a Table> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table).collect()
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no {key} in {table:?}"))
}

/// A time as lessons write it, in milliseconds.
fn milliseconds(text: &str) -> f64 {
    let split = text.find(|c: char| c.is_alphabetic() || c == 'µ').expect("a unit");
    let number: f64 = text[..split].parse().expect("a number");
    number
        * match &text[split..] {
            "us" | "µs" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            unit => panic!("a time in {unit}"),
        }
}

impl Course {
    fn start(server: &Server, slug: &'static str, device: Device) -> Course {
        let mut page = Page::start();
        if device == Device::Phone {
            page.size(390, 844);
            page.touch();
        }
        if slug == FIRST {
            // As a stranger comes: from home.
            page.open_app(&format!("{}?bench", server.root()));
            page.wait_for(ENGINE);
            page.click("#start");
        } else {
            page.open_app(&format!("{}?bench#/lesson/{slug}/1", server.root()));
            page.wait_for(ENGINE);
        }
        Course { page, device, slug, lesson: read(slug, "lesson.toml"), solution: read(slug, "solution.toml") }
    }

    fn press(&self, css: &str) {
        match self.device {
            Device::Desk => self.page.click(css),
            Device::Phone => self.page.tap(css),
        }
    }

    /// Presses the button with a text, within some part of the page.
    fn press_named(&self, within: &str, name: &str) {
        let script = "const [within, name] = arguments;
            const button = [...document.querySelectorAll(within + ' button')].find(b => b.textContent.trim() === name);
            if (!button) return false;
            button.id ||= 'named-' + Math.random().toString(36).slice(2);
            return '#' + button.id";
        let css = self.page.wait_js(&format!("the button \"{name}\""), script, json!([within, name]));
        self.press(css.as_str().expect("an id"));
    }

    fn met(&self, goal: &str) -> bool {
        self.page.count(&format!("[data-goal={goal}][data-state=met]")) > 0
    }

    /// Plays until a moment in milliseconds, until goals are met, or until the run rests; then pauses. Faster while that is
    /// far away.
    fn play(&self, moment: f64, goals: &[&str]) {
        self.page.wait_js("the clock", "return document.querySelector('#clock')", json!([]));
        self.page.js(PLAY, json!([moment, goals]));
    }

    fn until(&self, moment: f64) {
        self.play(moment, &[]);
        let clock = "return [parseFloat(document.querySelector('#clock').textContent), document.querySelector('.transport').textContent.includes('at rest')]";
        let at = self.page.js(clock, json!([]));
        let came = at[0].as_f64().expect("seconds") * 1_000.0 >= moment || at[1] == json!(true);
        assert!(came, "{}: {moment} ms did not come: {at}", self.slug);
    }

    /// What one may do to a machine by its key in the palette.
    fn key_of(command: &Table) -> Option<(&'static str, &str)> {
        let (name, what) = command.iter().next()?;
        let key = match name.as_str() {
            "crash" => "c",
            "restart" => "r",
            "pause" | "resume" => "p",
            _ => return None,
        };
        Some((key, what.as_table()?.get("node")?.as_str()?))
    }

    fn deeds(solve: &Table) -> Vec<(f64, &Table)> {
        let both = ["press", "commands"].into_iter().flat_map(|key| list(solve, key));
        let mut deeds: Vec<_> = both.map(|deed| (milliseconds(text(deed, "at")), deed)).collect();
        deeds.sort_by(|a, b| a.0.total_cmp(&b.0));
        deeds
    }

    /// Whether a hand at the bench can do all that a solution does.
    fn by_hand(solve: &Table) -> bool {
        let done = |deed: &Table| match deed.get("do").and_then(Value::as_table) {
            Some(command) => Course::key_of(command).is_some(),
            None => deed.contains_key("button"),
        };
        Course::deeds(solve).iter().all(|(_, deed)| done(deed))
    }

    fn solve(&self, solve: &Table) {
        for (moment, deed) in Course::deeds(solve) {
            self.until(moment);
            if let Some(command) = deed.get("do").and_then(Value::as_table) {
                let (key, node) = Course::key_of(command).expect("a deed by hand");
                self.press(&format!("[data-node={node}]"));
                self.press(&format!(".palette [data-key={key}]"));
            } else {
                self.press_named(".deeds", text(deed, "button"));
            }
        }
        let goals: Vec<&str> = solve["goals"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.play(f64::MAX, &goals);
        if goals.iter().all(|goal| self.met(goal)) {
            return;
        }
        self.page.screenshot("failed");
        panic!("{}: {goals:?} did not come", self.slug);
    }

    /// Commits to what the author holds for true, if the step asks.
    fn predict(&self, step: &str) {
        for truth in list(&self.solution, "truth").into_iter().filter(|truth| text(truth, "step") == step) {
            let script = "const label = [...document.querySelectorAll('.prediction label')]
                .find(label => label.textContent.replace(/\\s+/g, ' ').includes(arguments[0]));
                const radio = label?.querySelector('input');
                if (!radio) return false;
                radio.id ||= 'chosen';
                return '#' + radio.id";
            // Markup of the option is not in the text of the page.
            let option = text(truth, "option").replace(['*', '`'], "");
            let css = self.page.wait_js(&format!("the option \"{option}\""), script, json!([option]));
            self.press(css.as_str().expect("an id"));
            self.press(".prediction button[type=submit]");
            self.page.wait_for(".verdict");
        }
    }

    /// Chooses a design that meets all requirements, and has it checked.
    fn design(&self, step: &str) {
        let fits = |d: &&Table| text(d, "step") == step && !d.contains_key("missed");
        let Some(design) = list(&self.solution, "design").into_iter().find(fits) else { return };
        self.page.wait_for(".choice select");
        let of_step = list(&self.lesson, "step").into_iter().find(|of| text(of, "id") == step).expect("the step");
        let measure = of_step["measure"].as_table().expect("a measurement");
        for (name, option) in design["choices"].as_table().expect("choices") {
            let choice = list(measure, "choice").into_iter().find(|choice| text(choice, "name") == name);
            let title = text(choice.expect("the choice"), "title");
            let script = "const [title, option] = arguments;
                const label = [...document.querySelectorAll('.choice')].find(l => l.firstChild.textContent.trim() === title);
                const select = label.querySelector('select');
                select.selectedIndex = [...select.options].findIndex(o => o.text === option);
                select.dispatchEvent(new Event('change', { bubbles: true }));
                return select.selectedIndex >= 0";
            let found = self.page.js(script, json!([title, option.as_str()]));
            assert_eq!(found, json!(true), "{}: no option {option:?} of {title}", self.slug);
        }
        self.press(".measure .deeds .pri");
        self.page.wait_for(".interview");
        assert_eq!(self.page.count(".verdicts [data-state=missed]"), 0, "{}: a requirement is missed", self.slug);
    }

    fn look(&self, step: &str) {
        let device = if self.device == Device::Desk { "desk" } else { "phone" };
        for (theme, tone) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            self.page.theme(theme);
            self.page.screenshot(&format!("course-{}-{device}-{step}-{tone}", self.slug));
        }
        assert_fits(&self.page, &format!("{}, {device}, {step}", self.slug));
    }

    fn take(self) {
        let steps = list(&self.lesson, "step");
        for (number, step) in steps.iter().enumerate() {
            let id = text(step, "id");
            self.page.wait_text(&format!("Step {} of {}", number + 1, steps.len()));
            if step.contains_key("scenario") {
                self.page.wait_for(".spot");
            }
            self.predict(id);
            let solves = list(&self.solution, "solve").into_iter().filter(|solve| text(solve, "step") == id);
            for (place, solve) in solves.filter(|solve| Course::by_hand(solve)).enumerate() {
                let goals: Vec<_> = solve["goals"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if goals.iter().all(|goal| self.met(goal)) {
                    continue;
                }
                if place > 0 {
                    self.press_named(".transport", "Reset");
                }
                self.solve(solve);
            }
            self.design(id);
            assert_eq!(self.page.count("[data-goal][data-state=open]"), 0, "{}: {id} has open goals", self.slug);
            self.look(id);
            if number + 1 < steps.len() {
                self.press("a[rel=next]");
            }
        }
        self.press(".way-on button");
        self.page.wait_text("You finished this lesson");
        self.look("end");
        self.page.finish();
    }
}

fn take(slug: &'static str, device: Device) {
    let server = Server::start();
    Course::start(&server, slug, device).take();
}

/// The first, and lessons whose ways through are of many kinds: buttons, machines broken by hand, predictions, designs.
const ON_A_PHONE: [&str; 4] = [FIRST, "cap", "no-global-clock", "failure-detection"];

#[test]
#[ignore = "slow: make nightly"]
fn some_lessons_on_a_phone() {
    for slug in ON_A_PHONE {
        take(slug, Device::Phone);
    }
}

/// All, each as its own solution says.
#[test]
#[ignore = "slow: make nightly"]
fn every_lesson_at_a_desk() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
    let mut slugs: Vec<String> = std::fs::read_dir(folder)
        .expect("the lessons")
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.join("solution.toml").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    slugs.sort();
    let only = std::env::var("LESSONS").ok();
    slugs.retain(|slug| only.as_ref().is_none_or(|only| only.split(',').any(|one| one == slug)));
    for slug in slugs {
        println!("{slug}");
        take(slug.leak(), Device::Desk);
    }
}

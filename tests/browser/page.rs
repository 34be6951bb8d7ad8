//! A page in headless Chromium, with the helpers that the tests are written in.

use super::{
    save_png, truthy,
    webdriver::{Driver, key},
};
use serde_json::{Value, json};
use std::{
    env, fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long a wait is patient: generous, because the machine may be busy; a good run never waits so long.
const PATIENCE: Duration = Duration::from_secs(90);
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// WebDriver's words for an element that cannot be clicked yet.
const NOT_YET: [&str; 4] =
    ["element click intercepted", "element not interactable", "stale element reference", "no such element"];
/// Whether the first match is at the same place for three frames.
const BOX: &str = "
    const frame = () => new Promise(requestAnimationFrame);
    const box = css => {
      const r = document.querySelector(css)?.getBoundingClientRect();
      return r && [r.x, r.y, r.width, r.height].join();
    };
    const stands = async css => {
      const before = box(css);
      for (let i = 0; i < 3; i++) await frame();
      return !!before && box(css) === before;
    };
    // What tells of progress may go on moving.
    const settles = async css => { for (let i = 0; i < 10; i++) if (await stands(css)) break };";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    Light,
    Dark,
}

/// A browser with one empty tab and an empty profile. [`Page::finish`] it at the end of the test.
pub struct Page {
    driver: Driver,
    /// Everything that the whole browser, workers included, asks of the network goes here.
    net_log: PathBuf,
    errors: Vec<String>,
}

/// Where a program is: the driver, unlike a shell, does not look for it.
fn found(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = env::split_paths(&path).map(|folder| folder.join(program));
    let found = all.into_iter().find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("there is no {program}: run `make setup` to install it."))
}

/// A line of the accessibility tree.
#[derive(Clone, Debug, PartialEq)]
pub struct AxNode {
    pub role: String,
    pub name: String,
    pub description: String,
}

impl Page {
    /// Starts a browser with a desktop window: Chromium's headless build, which draws the same page without a browser's own
    /// windows around it, in three quarters of the time. `CHROMIUM_SHELL` names another.
    pub fn start() -> Page {
        Page::of(&env::var("CHROMIUM_SHELL").unwrap_or_else(|_| "chromium-headless-shell".into()))
    }

    /// The same in the Chromium that people have. `CHROMIUM` names another.
    pub fn start_whole() -> Page {
        Page::of(&env::var("CHROMIUM").unwrap_or_else(|_| "chromium".into()))
    }

    fn of(program: &str) -> Page {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let net_log =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("net-{}-{count}.json", std::process::id()));
        let config = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/webdriver.json");
        let config = fs::read_to_string(config).expect(".ci/webdriver.json is there");
        let mut capabilities: Value = serde_json::from_str(&config).expect(".ci/webdriver.json is JSON");
        let arguments = capabilities["goog:chromeOptions"]["args"].as_array_mut().expect("a list of arguments");
        arguments.push(json!("--window-size=1440,900"));
        arguments.push(json!("--force-device-scale-factor=1"));
        arguments.push(json!(format!("--log-net-log={}", net_log.display())));
        capabilities["goog:loggingPrefs"] = json!({ "browser": "ALL" });
        capabilities["timeouts"] = json!({ "script": 120_000 });
        capabilities["goog:chromeOptions"]["binary"] = json!(found(program));
        let page = Page { driver: Driver::chrome(&capabilities), net_log, errors: Vec::new() };
        page.resize(1440, 900);
        page.theme(Theme::Light);
        page
    }

    // Going places.

    pub fn open(&mut self, address: &str) {
        self.driver.post("/url", &json!({ "url": address })).unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    pub fn reload(&mut self) {
        self.driver.post("/refresh", &json!({})).expect("the page reloads");
    }

    /// Opens another tab of the same browser and goes there; the tabs are called by their places.
    pub fn new_tab(&self) {
        let made = self.driver.post("/window/new", &json!({ "type": "tab" })).expect("a new tab");
        self.driver.post("/window", &json!({ "handle": made["handle"] })).expect("the new tab");
    }

    pub fn tab(&self, place: usize) {
        let all = self.driver.get("/window/handles").expect("the tabs");
        self.driver.post("/window", &json!({ "handle": all[place] })).expect("the tab is open");
    }

    /// Runs a script in every document before its own scripts.
    pub fn before_load(&self, script: &str) {
        self.driver.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Opens the page and waits until the app has taken the place of the first paint.
    pub fn open_app(&mut self, address: &str) {
        self.open(address);
        self.wait_for("[data-app=ready]");
    }

    /// Goes to an address within the page, and waits until the page has heard of it: what it shows from then on is not of
    /// the address before.
    pub fn go(&self, hash: &str) {
        self.js(
            "const there = new URL(arguments[0], location.href).href;
             if (there === location.href) return true;
             return new Promise(done => {
               addEventListener('hashchange', () => setTimeout(done, 0, true), { once: true });
               location.href = there;
             })",
            json!([hash]),
        );
    }

    // Looking.

    /// Runs the body of a function in the page; a promise is awaited. `arguments` are the function's.
    pub fn js(&self, script: &str, arguments: Value) -> Value {
        self.try_js(script, arguments).unwrap_or_else(|error| panic!("{error}\nin the script: {script}"))
    }

    fn try_js(&self, script: &str, arguments: Value) -> Result<Value, String> {
        self.driver.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The text of the first element that matches, as a reader sees it.
    pub fn text(&self, css: &str) -> String {
        // An element that is drawn anew between the two questions is asked for again; in a list an empty text counts too.
        let text = self.wait(&format!("the text of {css}"), || {
            let text = self.element(css).and_then(|id| self.driver.get(&format!("/element/{id}/text")));
            text.map_or(Value::Null, |text| json!([text]))
        });
        text[0].as_str().unwrap_or_default().to_owned()
    }

    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let value = self
            .js("return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? null", json!([css, name]));
        value.as_str().map(str::to_owned)
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> u64 {
        self.js("return document.querySelectorAll(arguments[0]).length", json!([css])).as_u64().unwrap_or(0)
    }

    /// The accessibility tree, ignored nodes left out.
    pub fn accessibility(&self) -> Vec<AxNode> {
        let tree = self.driver.devtools("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        nodes
            .iter()
            .filter(|node| node["ignored"] != true)
            .map(|node| AxNode {
                role: text(&node["role"]),
                name: text(&node["name"]),
                description: text(&node["description"]),
            })
            .collect()
    }

    // Waiting.

    /// Waits until something matches and returns its WebDriver id.
    pub fn wait_for(&self, css: &str) -> String {
        let found = self.wait(&format!("an element {css}"), || self.element(css).map_or(Value::Null, Value::from));
        found.as_str().expect("an element's id is text").to_owned()
    }

    /// The WebDriver id of the first match.
    fn element(&self, css: &str) -> Result<String, String> {
        let element = self.driver.post("/element", &json!({ "using": "css selector", "value": css }))?;
        element[ELEMENT].as_str().map(str::to_owned).ok_or_else(|| "no element".to_owned())
    }

    /// Waits until the first match stands still: the canvas, and what lies over it, follow a change by some frames.
    pub fn wait_still(&self, css: &str) {
        self.wait_js(&format!("{css} to stand still"), &format!("{BOX} return stands(arguments[0])"), json!([css]));
    }

    /// Waits until the script returns something that is neither null, false, zero, nor empty, and returns that.
    pub fn wait_js(&self, what: &str, script: &str, arguments: Value) -> Value {
        self.wait(what, || self.try_js(script, arguments.clone()).unwrap_or(Value::Null))
    }

    /// Waits until the visible text of the page holds `text`.
    pub fn wait_text(&self, text: &str) {
        let script = "return document.body.innerText.includes(arguments[0])";
        self.wait_js(&format!("the text “{text}”"), script, json!([text]));
    }

    fn wait(&self, what: &str, mut look: impl FnMut() -> Value) -> Value {
        let start = Instant::now();
        loop {
            let value = look();
            if truthy(&value) {
                return value;
            }
            if start.elapsed() > PATIENCE {
                self.screenshot("failed");
                let shown = self.try_js("return document.body.innerText", json!([])).unwrap_or(Value::Null);
                let shown = shown.as_str().unwrap_or_default();
                let console = self.read_console();
                panic!("waited in vain for {what}.\nThe page shows:\n{shown}\nThe console:\n{}", console.join("\n"));
            }
            thread::sleep(Duration::from_millis(25));
        }
    }

    // Acting.

    /// Scrolls the first match into view and clicks its middle, once it can be clicked: it is enabled, stands still, and
    /// nothing lies over it.
    pub fn click(&self, css: &str) {
        let still = format!(
            "{BOX} const [css] = arguments;
             return (async () => {{
               await settles(css);
               const e = document.querySelector(css);
               if (!e || e.matches(':disabled')) return false;
               window.hit = null;
               e.addEventListener('pointerdown', () => {{ window.hit = true }}, {{ once: true, capture: true }});
               return true;
             }})()"
        );
        self.wait(&format!("{css} to be clicked"), || {
            if self.try_js(&still, json!([css])) != Ok(json!(true)) {
                return Value::Null;
            }
            let clicked =
                self.element(css).and_then(|id| self.driver.post(&format!("/element/{id}/click"), &json!({})));
            match clicked {
                // What comes meanwhile may have moved it away from under the pointer.
                Ok(_) => self.try_js("return window.hit !== null", json!([])).unwrap_or(json!(true)),
                // Nothing was clicked then.
                Err(error) if NOT_YET.iter().any(|kind| error.starts_with(kind)) => Value::Null,
                Err(error) => panic!("click on {css}: {error}"),
            }
        });
    }

    /// From now on the pointer is a finger.
    pub fn touch(&self) {
        self.driver.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 2 }));
    }

    /// Scrolls the first match into view and taps its middle.
    pub fn tap(&self, css: &str) {
        self.wait_for(css);
        // A sentence may lie over it for a moment.
        let middle = self.wait_js(
            &format!("{css} to be covered by nothing"),
            &(BOX.to_owned()
                + "const [css] = arguments;
             const still = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
             const middle = e => { const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] };
             return (async () => {
               await settles(css);
               const e = document.querySelector(css);
               if (!e) return null;
               for (const block of ['nearest', 'center', 'end']) {
                 e.scrollIntoView({ block });
                 await still();
                 const there = document.elementFromPoint(...middle(e));
                 if (there && (e.contains(there) || there.contains(e))) return middle(e);
               }
               return null;
             })()"),
            json!([css]),
        );
        let place = |i: usize| middle[i].as_f64().unwrap_or(0.0).round() as i64;
        let steps = json!([
            { "type": "pointerMove", "x": place(0), "y": place(1), "duration": 0 },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        let finger = json!({ "pointerType": "touch" });
        self.actions(json!([{ "type": "pointer", "id": "finger", "parameters": finger, "actions": steps }]));
    }

    /// Fingers that go down together, each along its way, and are lifted after half a second.
    pub fn fingers(&self, ways: &[&[(f64, f64)]]) {
        let step = |(x, y): &(f64, f64), duration: u32| json!({ "type": "pointerMove", "x": x.round() as i64, "y": y.round() as i64, "duration": duration });
        let finger = |(i, way): (usize, &&[(f64, f64)])| {
            let mut steps = vec![step(&way[0], 0), json!({ "type": "pointerDown", "button": 0 })];
            steps.extend(way[1..].iter().map(|place| step(place, 550 / way.len() as u32 * 2)));
            steps.push(json!({ "type": "pointerUp", "button": 0 }));
            json!({ "type": "pointer", "id": format!("finger {i}"), "parameters": { "pointerType": "touch" }, "actions": steps })
        };
        self.actions(ways.iter().enumerate().map(finger).collect());
    }

    /// Moves the keyboard focus to the first match, by script.
    pub fn focus(&self, css: &str) {
        let focus = "const e = document.querySelector(arguments[0]); e?.focus(); return !!e";
        self.wait_js(&format!("an element {css}"), focus, json!([css]));
    }

    /// Presses keys together, as in `press("Shift Tab")`: the last is typed while the others are held. Names as in the
    /// DOM: `Tab`, `Enter`, `Escape`, `Space`, `ArrowLeft`, `Home`, `PageUp`, `Delete`, `Shift`, `Control`, `Alt`,
    /// `F2`; anything else is a character.
    pub fn press(&self, chord: &str) {
        let keys: Vec<char> = chord.split(' ').map(key).collect();
        let down = keys.iter().map(|key| json!({ "type": "keyDown", "value": key.to_string() }));
        let up = keys.iter().rev().map(|key| json!({ "type": "keyUp", "value": key.to_string() }));
        let actions: Vec<Value> = down.chain(up).collect();
        self.actions(json!([{ "type": "key", "id": "keyboard", "actions": actions }]));
    }

    /// Presses a key so often.
    pub fn press_often(&self, name: &str, count: usize) {
        let stroke = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key(name).to_string() }));
        let strokes: Vec<Value> = (0..count).flat_map(|_| stroke.clone()).collect();
        self.actions(json!([{ "type": "key", "id": "keyboard", "actions": strokes }]));
    }

    /// Types a text, character by character.
    pub fn write(&self, text: &str) {
        let strokes = text
            .chars()
            .flat_map(|char| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": char.to_string() })));
        let actions: Vec<Value> = strokes.collect();
        self.actions(json!([{ "type": "key", "id": "keyboard", "actions": actions }]));
    }

    /// Clicks at a point of the first match, in CSS pixels from its upper left corner (for the canvas).
    pub fn click_at(&self, css: &str, x: f64, y: f64) {
        self.drag(css, (x, y), (x, y));
    }

    /// Presses the mouse at one point of the first match and lets it go at another.
    pub fn drag(&self, css: &str, from: (f64, f64), to: (f64, f64)) {
        self.wait_still(css);
        let corner = self.js(
            "const e = document.querySelector(arguments[0]); e.scrollIntoView({ block: 'nearest' });
             const r = e.getBoundingClientRect(); return [r.left, r.top]",
            json!([css]),
        );
        let left = corner[0].as_f64().unwrap_or(0.0);
        let top = corner[1].as_f64().unwrap_or(0.0);
        let point = |(x, y): (f64, f64), duration: u32| {
            let (x, y) = ((left + x).round() as i64, (top + y).round() as i64);
            json!({ "type": "pointerMove", "x": x, "y": y, "duration": duration })
        };
        let steps = json!([
            point(from, 0),
            { "type": "pointerDown", "button": 0 },
            point(to, if from == to { 0 } else { 150 }),
            { "type": "pointerUp", "button": 0 },
        ]);
        let parameters = json!({ "pointerType": "mouse" });
        self.actions(json!([{ "type": "pointer", "id": "mouse", "parameters": parameters, "actions": steps }]));
    }

    fn actions(&self, sources: Value) {
        self.driver.post("/actions", &json!({ "actions": sources })).expect("the browser takes input");
    }

    // How the page is shown.

    /// The size of the view, in CSS pixels, of which the page has heard.
    pub fn size(&self, width: u32, height: u32) {
        self.resize(width, height);
        // In full screen the page may have its own idea of it. It hears of it in a frame, and is drawn anew by the next one.
        let heard = "const [width, height] = arguments, has = () => innerWidth === width && innerHeight === height;
            const frame = () => new Promise(requestAnimationFrame);
            return (async () => {
              for (let i = 0; i < 60 && !has(); i++) await new Promise(done => setTimeout(done, 16));
              await frame(); await frame();
            })()";
        let _ = self.try_js(heard, json!([width, height]));
    }

    fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// Waits until so many frames have been drawn.
    pub fn wait_frames(&self, count: u32) {
        let frames = "const frame = () => new Promise(requestAnimationFrame);
            return (async count => { while (count--) await frame() })(arguments[0])";
        let _ = self.try_js(frames, json!([count]));
    }

    /// What the system prefers, as the page hears it.
    pub fn theme(&self, theme: Theme) {
        self.media(theme, false);
    }

    pub fn media(&self, theme: Theme, reduced_motion: bool) {
        let scheme = if theme == Theme::Dark { "dark" } else { "light" };
        let motion = if reduced_motion { "reduce" } else { "no-preference" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Prints the page and says on how many sheets.
    pub fn print(&self) -> usize {
        let paper = self.driver.devtools("Page.printToPDF", json!({}));
        let bytes = crate::from_base64(paper["data"].as_str().expect("a document"));
        bytes.windows(12).filter(|part| part == b"/Type /Page\n").count()
    }

    /// Shows the page as it is printed, or again as on a screen.
    pub fn paper(&self, on: bool) {
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "media": if on { "print" } else { "" } }));
    }

    /// One of the browser's own measurements of the page, such as `JSHeapUsedSize` in bytes.
    pub fn metric(&self, name: &str) -> f64 {
        self.driver.devtools("Performance.enable", json!({}));
        let metrics = self.driver.devtools("Performance.getMetrics", json!({}));
        let found = metrics["metrics"].as_array().into_iter().flatten().find(|metric| metric["name"] == name);
        found.and_then(|metric| metric["value"].as_f64()).unwrap_or_else(|| panic!("no metric {name}"))
    }

    /// What the page's JavaScript holds when all is gone that nobody needs, in bytes.
    pub fn collected_heap(&self) -> f64 {
        self.driver.devtools("HeapProfiler.collectGarbage", json!({}));
        self.metric("JSHeapUsedSize")
    }

    // Keeping and judging.

    /// Waits for two frames and writes `target/screenshots/NAME.png`.
    pub fn screenshot(&self, name: &str) {
        self.wait_frames(2);
        self.shoot(name);
    }

    /// Writes `target/screenshots/NAME.png` of what is drawn.
    pub fn shoot(&self, name: &str) {
        // A larger file sooner.
        let picture = self.driver.try_devtools("Page.captureScreenshot", json!({ "optimizeForSpeed": true }));
        if let Ok(picture) = picture {
            save_png(name, picture["data"].as_str().unwrap_or_default());
        }
    }

    /// `NAME-light.png`, `NAME-dark.png` at 1440×900 and `NAME-phone.png` at 390×844.
    pub fn screenshots(&self, name: &str) {
        self.screenshot(&format!("{name}-light"));
        self.theme(Theme::Dark);
        self.screenshot(&format!("{name}-dark"));
        self.theme(Theme::Light);
        self.size(390, 844);
        self.shoot(&format!("{name}-phone"));
        self.size(1440, 900);
    }

    /// Runs axe-core on the page as it stands, in both themes and at both sizes: no violation. The themes differ in nothing
    /// but colours: in the dark the rules about these are asked again.
    pub fn assert_accessible(&self, name: &str) {
        let file = env::var("AXE_JS").unwrap_or_else(|_| panic!("AXE_JS is not set: run the test by `make e2e`."));
        let axe = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}: run `make setup`."));
        if self.js("return !window.axe", json!([])) == json!(true) {
            // A script of half a megabyte: WebDriver would wrap and quote it twice.
            self.driver.devtools("Runtime.evaluate", json!({ "expression": axe }));
        }
        let (mut at, phone) = ((0, 0), (390, 844));
        for (theme, size) in
            [(Theme::Light, (1440, 900)), (Theme::Dark, (1440, 900)), (Theme::Dark, phone), (Theme::Light, phone)]
        {
            if std::mem::replace(&mut at, size) != size {
                self.size(size.0, size.1);
            }
            self.theme(theme);
            let script = "const only = arguments[0] ? ['color-contrast', 'link-in-text-block'] : null;
                return axe.run(document, { resultTypes: ['violations'], preload: false, ...(only && { runOnly: only }) })
                  .then(result => result.violations.map(v =>
                    `${v.id}: ${v.help}: ` + v.nodes.map(n => `${n.target} ${n.failureSummary}`).join('; ')))";
            let violations = self.js(script, json!([theme == Theme::Dark]));
            let violations: Vec<_> = violations.as_array().cloned().unwrap_or_default();
            let list: Vec<_> = violations.iter().filter_map(Value::as_str).collect();
            assert!(list.is_empty(), "axe-core on {name}, {theme:?}, {} px wide:\n{}", size.0, list.join("\n"));
        }
        self.size(1440, 900);
        self.theme(Theme::Light);
    }

    /// The worst of what the console said since it was last read; [`Page::finish`] fails on errors among it.
    pub fn read_console(&self) -> Vec<String> {
        let entries = self.driver.post("/se/log", &json!({ "type": "browser" })).unwrap_or(Value::Null);
        let entries = entries.as_array().cloned().unwrap_or_default();
        let line = |entry: &Value| {
            format!("{} {}", entry["level"].as_str().unwrap_or("?"), entry["message"].as_str().unwrap_or("?"))
        };
        entries.iter().map(line).collect()
    }

    /// Waits until the console has told of something, and takes out what it told until then.
    pub fn wait_console(&self, text: &str) {
        let mut all = Vec::new();
        let begun = Instant::now();
        while !all.iter().any(|line: &String| line.contains(text)) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for the console to tell of “{text}”: {all:?}");
            thread::sleep(Duration::from_millis(50));
            all.extend(self.read_console());
        }
    }

    /// Reads the console and takes out the errors that this test expects: those that hold one of `texts`. Each must be
    /// there.
    pub fn expect_errors(&mut self, texts: &[&str]) {
        let (mut lines, begun) = (self.read_console(), Instant::now());
        // The browser may tell of an error later than the page.
        while let Some(text) = texts.iter().find(|text| !lines.iter().any(|line| line.contains(**text))) {
            assert!(begun.elapsed() < PATIENCE, "the console holds no “{text}”, but: {lines:?}");
            thread::sleep(Duration::from_millis(50));
            lines.extend(self.read_console());
        }
        let expected = |line: &String| texts.iter().any(|text| line.contains(text));
        self.errors.extend(lines.into_iter().filter(|line| line.starts_with("SEVERE") && !expected(line)));
    }

    /// Closes the browser. Fails if the console held an error, or if the page or a worker of it asked anything of
    /// another host than this one (what Chromium asks for itself does not count: it has no initiator). Returns the
    /// addresses that the page asked for.
    pub fn finish(mut self) -> Vec<String> {
        let console = self.read_console();
        self.errors.extend(console.into_iter().filter(|line| line.starts_with("SEVERE")));
        assert!(self.errors.is_empty(), "errors in the console:\n{}", self.errors.join("\n"));
        self.driver.quit();
        let log = fs::read(&self.net_log).expect("the browser logs its network");
        let log: Value = serde_json::from_slice(&log).expect("the browser closed in order and ended its log");
        let asked = asked_by_pages(&log);
        assert!(!asked.is_empty(), "the network log holds nothing of the page");
        let foreign: Vec<_> = asked.iter().filter(|address| !address.starts_with("http://127.0.0.1:")).collect();
        assert!(foreign.is_empty(), "asked of other hosts: {foreign:?}");
        asked
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.driver.quit();
        let _ = fs::remove_file(&self.net_log);
    }
}

/// Every address that a net log says was requested by a page or its worker, once each.
fn asked_by_pages(log: &Value) -> Vec<String> {
    let events = log["events"].as_array().cloned().unwrap_or_default();
    let requests = events.iter().map(|event| &event["params"]);
    let by_page = requests.filter(|params| params["initiator"].as_str().is_some_and(|from| from.starts_with("http")));
    let mut all: Vec<String> = by_page.filter_map(|params| params["url"].as_str().map(str::to_owned)).collect();
    all.sort();
    all.dedup();
    all
}

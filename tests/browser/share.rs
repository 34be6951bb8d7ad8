//! Runs as files: what is saved opens again as the same run, and what is no run is told without a loss.

use crate::ENGINE;
use crate::keep::{CATCH_ENGINE, KEEP_FILES};
use crate::page::Page;
use crate::server::Server;
use serde_json::{Value, json};

/// The moment, and every node in words.
pub const SEEN: &str = "return [document.querySelector('#clock').innerText,
    ...[...document.querySelectorAll('.spot')].map(spot => spot.ariaLabel)].join('; ')";

const SAID: &str = "return document.querySelector('#said').innerText";

/// Chooses a file with this text where runs are opened.
pub fn open_file(page: &Page, text: &str) {
    page.js(CHOOSE, json!([text]));
}

const CHOOSE: &str = "const input = document.querySelector('#share-menu input[type=file]');
    const files = new DataTransfer();
    files.items.add(new File([arguments[0]], 'run.json'));
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }))";

/// Opens the third step's bench with the focus on a node.
pub fn open_bench(page: &mut Page, address: &str) {
    page.open_app(address);
    page.wait_for(ENGINE);
    page.go("#/lesson/one-machine/3");
    page.wait_text("Step 3 of 10");
    page.wait_still("[data-node=n1]");
    page.focus("[data-node=n1]");
}

pub fn save(page: &Page) -> String {
    page.js(KEEP_FILES, json!([]));
    page.js(
        "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText === 'Save as a file').click()",
        json!([]),
    );
    page.click("[popovertarget=share-menu]");
    let text = page.wait_js("the file", "return files[0]", json!([]));
    page.press("Escape");
    text.as_str().expect("a text").to_owned()
}

/// Goes on by so many steps and returns what was said of each.
pub fn go_on(page: &Page, steps: usize) -> Vec<Value> {
    page.focus("[data-node=n2]");
    (0..steps)
        .map(|_| {
            let event = page.text(".transport .ev");
            page.press(".");
            let next = "return document.querySelector('.transport .ev').innerText !== arguments[0]";
            page.wait_js("the next event", next, json!([event]));
            page.js(SAID, json!([]))
        })
        .collect()
}

#[test]
fn a_saved_run_opens_as_the_same_run() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    go_on(&page, 12);
    page.focus("[data-node=n1]");
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    let before = page.js(SEEN, json!([]));
    let text = save(&page);
    let run: Value = serde_json::from_str(&text).expect("JSON");
    let mine = run["commands"].as_array().into_iter().flatten().filter(|entry| entry["learner"] == true);
    assert_eq!(mine.map(|entry| &entry["do"]).collect::<Vec<_>>(), [&json!({ "crash": { "node": "n1" } })]);
    let then = go_on(&page, 8);

    // Another browser: nothing of the first is left.
    page.js("localStorage.clear()", json!([]));
    open_bench(&mut page, &server.subfolder());
    open_file(&page, &text);
    page.wait_text("You are looking at the run of a file.");
    page.wait_js("the same moment", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([before]));
    assert_eq!(go_on(&page, 8), then, "the same run goes on in the same way");
    page.screenshots("run-of-a-file");
    page.assert_accessible("the run of a file");
    page.finish();
}

#[test]
fn a_file_that_is_no_run_is_told_and_ones_own_comes_back() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    let before = page.js(SEEN, json!([]));
    let cases = [
        ("no run at all", "not JSON"),
        ("{\"version\": 1,\n \"protocol\": \"telepathy\", \"nodes\": []}", "telepathy"),
        ("{\"version\": 99, \"protocol\": \"kv-single\", \"nodes\": []}", "version 99 is not known; accepted: 1"),
    ];
    for (text, words) in cases {
        open_file(&page, text);
        page.wait_text("The run could not be opened");
        page.wait_text(words);
        page.click(".failed button");
        page.wait_js("one's own run", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([before]));
        assert_eq!(page.count(".borrowed"), 0);
    }
    page.finish();
}

/// A run of another cluster than the step's: three replicas on slow links.
const OTHER: &str = r#"{"version": 1, "protocol": "majority-register", "seed": 5,
    "network": {"latency": {"constant": "80ms"}},
    "nodes": [{"name": "replica", "role": "replica", "count": 3}, {"name": "user", "role": "client"}],
    "commands": [{"at": "0s", "do": {"workload": {"client": "user", "arrivals": {"closed": {"think": {"constant": "1ms"}}},
      "mix": {"put": 1}}}}, {"at": "300ms", "do": {"crash": {"node": "replica2"}}, "learner": true}]}"#;

/// What one did last, in the same moment in which another run is opened, is in one's own when one comes back.
#[test]
fn nothing_of_ones_own_is_lost_for_the_run_of_a_file() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    // The file is read at once, before the engine can have answered.
    let both = format!(
        "Blob.prototype.text = () => Promise.resolve(arguments[0]);
         document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'c', bubbles: true }})); {CHOOSE}"
    );
    page.js(&both, json!([OTHER]));
    page.wait_text("You are looking at the run of a file.");
    page.wait_for("[data-node=replica2]");
    page.click(".borrowed button");
    let down = "const one = document.querySelector('[data-node=n1]'); return one && one.ariaLabel.includes('down')";
    page.wait_js("what one did last", down, json!([]));
    page.finish();
}

#[test]
fn the_run_of_a_file_may_have_other_nodes_and_outlives_the_engine() {
    let server = Server::start();
    let mut page = Page::start();
    page.before_load(CATCH_ENGINE);
    open_bench(&mut page, &server.root());
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    let own = page.js(SEEN, json!([]));
    open_file(&page, OTHER);
    let crashed = "return document.querySelector('[data-node=replica2]')?.ariaLabel.includes('down')";
    page.wait_js("the other cluster", crashed, json!([]));
    let before = page.js(SEEN, json!([]));
    page.js("engine.terminate()", json!([]));
    page.focus("[data-node=replica1]");
    page.press(".");
    page.wait_text("The engine did not answer.");
    page.wait_js("the same moment", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([before]));
    page.click(".borrowed button");
    page.wait_js("one's own run", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([own]));
    page.finish();
}

/// Raft with a bug that is planted: the page says so in red, and which property it breaks.
/// Membership is in another engine than the lesson: it is loaded for the run, and the lesson's own is still there.
#[test]
fn a_run_of_another_engine_is_opened_beside_the_lesson() {
    const SWIM: &str = r#"{"version": 1, "protocol": "swim", "seed": 1,
        "network": {"latency": {"uniform": {"min": "1ms", "max": "4ms"}}},
        "nodes": [{"name": "m", "role": "member", "count": 7}]}"#;
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    assert!(!server.asked().iter().any(|path| path.contains("membership")), "nobody needed it so far");
    go_on(&page, 6);
    let own = page.js(SEEN, json!([]));
    open_file(&page, SWIM);
    page.wait_for("[data-node=m7]");
    page.wait_text("You are looking at the run of a file.");
    page.focus("[data-node=m2]");
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=m2]').ariaLabel.includes('down')", json!([]));
    page.screenshots("membership");
    page.js("[...document.querySelectorAll('.borrowed button')][0].click()", json!([]));
    page.wait_js("one's own run", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([own]));
    page.finish();
}

#[test]
fn a_planted_bug_stands_out_in_red() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let run = r#"{"version": 1, "protocol": "raft", "seed": 4, "network": {"latency": {"constant": "20ms"}},
      "parameters": {"bug-double-vote": true, "election-timeout-min": "150ms", "election-timeout-max": "300ms"},
      "nodes": [{"name": "n", "role": "server", "count": 5}, {"name": "c", "role": "client", "count": 2}],
      "commands": [{"at": "10ms", "do": {"align-timers": {"kind": "election"}}},
        {"at": "900ms", "do": {"crash": {"node": "n5"}}, "learner": true}]}"#;
    open_file(&page, run);
    page.wait_text("bug-double-vote");
    let script = "const bug = getComputedStyle(document.querySelector('.props .bug')).color.match(/\\d+/g).map(Number);
                  return bug[0] > 1.5 * bug[1] && bug[0] > 1.5 * bug[2]";
    page.wait_js("red words", script, json!([]));
    page.wait_text("election safety");
    page.wait_js("what it breaks", "return document.querySelector('.props').dataset.broken === 'true'", json!([]));
    page.assert_accessible("a planted bug");
    page.screenshots("planted-bug");
    page.finish();
}

//! What others wrote stays text: names, titles, rules, values, notes and links of a run are never markup.

use crate::ENGINE;
use crate::keep::KEEP_FILES;
use crate::page::Page;
use crate::server::Server;
use crate::share::{open_bench, open_file};
use serde_json::{Value, json};

/// Each would leave a trace if it were ever read as markup, style or script.
const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script></title></textarea><svg onload=hacked=1>\
                       <b id=hostile>&lt;i&gt;</b>\u{202e}javascript:hacked=1{{hacked}}";

const HARMLESS: &str =
    "return [window.hacked ?? null, document.querySelectorAll('#hostile, img, iframe, #app script').length,
    [...document.querySelectorAll('a[href]')].filter(a => !/^(#|https?:)/.test(a.getAttribute('href'))).length]";

fn harmless(page: &Page, place: &str) {
    assert_eq!(page.js(HARMLESS, json!([])), json!([Value::Null, 0, 0]), "{place}");
}

#[test]
fn words_of_a_run_are_never_markup() {
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    let run = json!({
        "version": 1, "title": HOSTILE, "protocol": "majority-register", "seed": 1,
        "nodes": [{ "name": HOSTILE, "role": "replica", "groups": [format!("zone={HOSTILE}")] },
            { "name": "r", "role": "replica", "count": 2 }, { "name": format!("c{HOSTILE}"), "role": "client" }],
        "commands": [
            { "at": "0s", "do": { "request": { "client": format!("c{HOSTILE}"),
                "op": { "f": "put", "key": HOSTILE, "value": { "text": HOSTILE } } } } },
            { "at": "1ms", "do": { "cut": { "name": HOSTILE, "from": [HOSTILE], "to": ["r1"] } } },
        ],
    });
    open_file(&page, &run.to_string());
    page.wait_text("You are looking at the run of a file.");
    page.wait_js(
        "its nodes",
        "return [...document.querySelectorAll('.spot')].some(s => s.dataset.node.includes('onerror'))",
        json!([]),
    );
    page.js("document.querySelector('.spot').focus()", json!([]));
    for _ in 0..6 {
        page.press("]");
    }
    let tabs = page.count("[role=tab]");
    for tab in 0..tabs {
        page.js("document.querySelectorAll('[role=tab]')[arguments[0]].click()", json!([tab]));
        page.wait_js("the panel", "return document.querySelector('#tab-panel').children.length > 0", json!([]));
        harmless(&page, &format!("tab {tab}"));
    }
    page.wait_js("the words as they are", "return document.body.innerText.includes('<img src=x onerror') || document.body.innerHTML.includes('&lt;img src=x onerror')", json!([]));
    page.press("Control k");
    page.wait_js("the list", "return document.querySelector('.palette-box').open", json!([]));
    page.write("<img");
    harmless(&page, "the list");
    page.press("Escape");
    // As a picture that stands alone, too.
    page.js(KEEP_FILES, json!([]));
    let svg = "[...document.querySelectorAll('#share-menu button')].find(b => b.innerText === 'Space-time diagram (SVG)').click()";
    page.js(svg, json!([]));
    let svg = page.wait_js("the picture", "return files[0]", json!([]));
    let parsed = "const made = new DOMParser().parseFromString(arguments[0], 'image/svg+xml');
        return [made.querySelectorAll('parsererror, script, img, #hostile').length, made.querySelectorAll('text').length > 0]";
    assert_eq!(page.js(parsed, json!([svg])), json!([0, true]));
    page.screenshots("hostile");
    page.finish();
}

#[test]
fn words_of_a_link_are_never_markup() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    // A link as a foe makes it: the same packing, with other words.
    let pack = "const [head, run] = arguments;
        const stream = new Blob([JSON.stringify(head) + '\\n' + JSON.stringify(run)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
        return new Response(stream).arrayBuffer().then(bytes => {
          location.hash = '#/run/1.' + btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
          return true;
        })";
    let run = json!({ "version": 1, "title": HOSTILE, "protocol": "majority-register",
        "nodes": [{ "name": "r", "role": "replica", "count": 3 }] });
    for from in [
        "javascript:window.hacked=1",
        "#/lesson/one-machine/1\" onclick=\"hacked=1",
        "https://foe.example/",
        "data:text/html,x",
    ] {
        let head = json!({ "at_us": 0, "tab": HOSTILE, "note": HOSTILE, "from": from });
        page.js(pack, json!([head, run]));
        page.wait_js("the note", "return document.querySelector('.remark')?.innerText.startsWith('<img')", json!([]));
        page.wait_for("[data-node=r3]");
        harmless(&page, from);
        let ways = "return [...document.querySelectorAll('.about-run a')].map(a => a.getAttribute('href'))";
        assert_eq!(page.js(ways, json!([])), json!([]), "{from} is no lesson's address");
        page.go("#/about");
        page.wait_text("Fault drill");
    }
    // An address that is nothing.
    page.go(&format!("#/{HOSTILE}"));
    page.wait_text("There is no such page");
    harmless(&page, "no such page");
    page.finish();
}

//! Links that hold a whole session, and what embeds one in another page.

use crate::ENGINE;
use crate::page::Page;
use crate::server::Server;
use crate::share::{SEEN, go_on, open_bench};
use serde_json::{Value, json};

/// Presses a button of the menu and returns the link that stands there then.
fn made(page: &Page, label: &str) -> String {
    let press =
        "const button = [...document.querySelectorAll('#share-menu button')].find(b => b.innerText === arguments[0]);
        button.click(); return true";
    page.js(press, json!([label]));
    let start = if label.contains("embed") { "<iframe" } else { "http" };
    let link = "const made = document.querySelector('#share-menu .made')?.value; return made?.startsWith(arguments[0]) && made";
    page.wait_js("the link", link, json!([start])).as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_link_holds_the_whole_session() {
    const NOTE: &str = "Look: <img src=x onerror=alert(1)> & \"here\"";
    let server = Server::start();
    let mut page = Page::start();
    open_bench(&mut page, &server.root());
    go_on(&page, 12);
    page.focus("[data-node=n1]");
    page.press("c");
    page.wait_js("the crash", "return document.querySelector('[data-node=n1]').ariaLabel.includes('down')", json!([]));
    go_on(&page, 5);
    page.click("#tab-log");
    page.click("[popovertarget=share-menu]");
    let note = "const note = document.querySelector('#share-menu textarea'); note.value = arguments[0];
        note.dispatchEvent(new InputEvent('input', { bubbles: true }))";
    page.js(note, json!([NOTE]));
    let link = made(&page, "Copy a link to this moment");
    page.screenshots("share");
    page.assert_accessible("share");
    assert!(link.len() <= 2_000, "{} characters", link.len());
    assert!(link.starts_with(&format!("{}#/run/1.", server.root())), "{link}");
    let embed = made(&page, "Copy code to embed it");
    let before = page.js(SEEN, json!([]));
    // Somebody else opens it.
    let mut other = Page::start();
    other.open_app(&link);
    other.wait_for(ENGINE);
    other.wait_js("the same moment", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([before]));
    assert_eq!(other.text(".about-run .remark"), NOTE);
    assert_eq!(other.count(".about-run img"), 0);
    other.wait_for("#tab-log[aria-selected=true]");
    assert_eq!(other.attribute(".about-run a", "href").as_deref(), Some("#/lesson/one-machine/3"));
    other.screenshots("link");
    other.assert_accessible("link");
    // It goes on from there, as any run.
    go_on(&other, 3);
    // In a frame of another page there is the bench alone.
    let source = embed.split('"').nth(1).expect("an address").to_owned();
    assert!(source.contains("#/embed/1.") && embed.ends_with("</iframe>"), "{embed}");
    let mut framed = Page::start();
    framed.open_app(&source);
    framed.wait_for(ENGINE);
    framed.wait_js("the same moment", &format!("return (() => {{ {SEEN} }})() === arguments[0]"), json!([before]));
    assert_eq!(framed.count("header.top"), 0);
    assert_eq!(framed.attribute(".about-run a", "target").as_deref(), Some("_blank"));
    framed.screenshots("embedded");
    framed.assert_accessible("embedded");
    page.finish();
    other.finish();
    framed.finish();
}

#[test]
fn a_damaged_or_hostile_link_says_so() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    // Deflated: "hello", and a session whose run is no scenario.
    let no_run = page.js(
        "const text = JSON.stringify({ at_us: 1, tab: '', note: '', from: 'javascript:alert(1)' }) + '\\n' + '{\"version\": 99}';
         const packed = new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw')));
         return packed.arrayBuffer().then(bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)))
           .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))",
        json!([]),
    );
    let no_run = format!("1.{}", no_run.as_str().unwrap_or_default());
    let long = format!("1.{}", "A".repeat(17_000));
    let cases: [(&str, &str); 6] = [
        ("1.y0jNycmH", "This link is damaged"),
        ("1.%%%%", "This link is damaged"),
        ("1.AAAA", "This link is damaged"),
        ("9.AAAA", "another version of Faultline"),
        (&long, "longer than 16000 characters"),
        (&no_run, "the link's run:1"),
    ];
    for (packed, said) in cases {
        page.go(&format!("#/run/{packed}"));
        page.wait_js(said, "return document.querySelector('.failed')?.innerText.includes(arguments[0])", json!([said]));
        assert_eq!(
            page.js("return [...document.querySelectorAll('a')].some(a => a.href.startsWith('javascript'))", json!([])),
            Value::Bool(false)
        );
    }
    page.screenshots("damaged-link");
    page.go("#/");
    page.wait_for("[data-node=n1]");
    page.finish();
}

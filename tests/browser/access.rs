//! For every hand and screen: all that can be operated is reached by the Tab key with a visible focus, and nothing is
//! wider than a phone.

use crate::ENGINE;
use crate::page::{Page, Theme};
use crate::server::Server;
use serde_json::{Value, json};

/// The pages, by address, with a text that says that they are there.
const PAGES: [(&str, &str); 13] = [
    ("#/", "The course"),
    ("#/about", "Crash the engine"),
    ("#/lesson/one-machine/2", "Step 2 of 10"),
    ("#/lesson/one-machine/5", "Step 5 of 10"),
    ("#/lesson/leader-dies/3", "Step 3 of 13"),
    ("#/sandbox", "Ready scenarios"),
    ("#/compare", "Where they part"),
    ("#/review", "What you know"),
    ("#/search", "Lessons and their steps, terms, and sources."),
    ("#/glossary", "linearizable"),
    ("#/class", "No lesson is chosen yet."),
    ("#/design", "To begin with"),
    ("#/design/cache", "The slowest"),
];

fn go(page: &Page, address: &str, text: &str) {
    page.go(address);
    page.wait_text(text);
    // What comes after that text and can be operated.
    for (part, css) in [
        ("#/compare", ".side + .side .spot"),
        ("#/sandbox", ".spot"),
        ("#/lesson", ".spot"),
        ("#/sandbox", "[role=tab]"),
        ("#/lesson", "[role=tab]"),
    ] {
        if address.starts_with(part) {
            page.wait_for(css);
        }
    }
    if address == "#/" {
        page.wait_for(".map .ls a");
    }
}

/// What can be operated and is shown, each marked with a number. Of a group of radio buttons or tabs the Tab key reaches
/// one; the arrow keys do the rest.
const MARK: &str = "let count = 0;
    for (const old of document.querySelectorAll('[data-reach]')) delete old.dataset.reach;
    for (const e of document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')) {
      if (!e.checkVisibility({ visibilityProperty: true }) || e.disabled || e.tabIndex < 0) continue;
      if (e.type === 'radio' && !e.checked && e !== document.querySelector(`input[name=\"${e.name}\"]`)) continue;
      e.dataset.reach = count++;
    }
    document.activeElement?.blur();
    return count";

/// Writes down whatever gets the focus: its number, what it is, and whether its focus can be seen. That of a node's button is
/// drawn on the canvas, as a ring around the node.
const WATCH: &str = "window.focused = [];
    document.addEventListener('focusin', ({ target: e }) => {
      // A heading that the page itself leads to.
      if (e.tabIndex < 0) return;
      const shown = e.closest('label.button') ?? e, style = getComputedStyle(shown);
      const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
      window.focused.push([e.dataset.reach ?? '', e.outerHTML.slice(0, 120), ring || e.classList.contains('spot')]);
    })";

#[test]
fn tab_reaches_everything_with_a_visible_focus() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    page.js(WATCH, json!([]));
    for (address, text) in PAGES {
        go(&page, address, text);
        let count = page.js(MARK, json!([])).as_u64().expect("a number") as usize;
        assert!(count > 5, "{address}: only {count} things to operate");
        // Once around, with some to spare for what appears on the way.
        page.press_often("Tab", count + 25);
        let focused = page.js("return window.focused.splice(0)", json!([]));
        let mut reached = vec![false; count];
        for focus in focused.as_array().expect("a list") {
            assert_eq!(focus[2], true, "{address}: no visible focus on {}", focus[1]);
            if let Some(place) = focus[0].as_str().and_then(|n| n.parse::<usize>().ok()) {
                reached[place] = true;
            }
        }
        let missed: Vec<Value> = (0..count)
            .filter(|place| !reached[*place])
            .map(|place| {
                page.js(
                    "return document.querySelector(`[data-reach=\"${arguments[0]}\"]`)?.outerHTML.slice(0, 120)",
                    json!([place]),
                )
            })
            .filter(|html| !html.is_null())
            .collect();
        assert!(missed.is_empty(), "{address}: not reached by Tab: {missed:?}");
    }
    page.finish();
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let server = Server::start();
    let mut page = Page::start();
    page.open_app(&server.root());
    page.wait_for(ENGINE);
    for theme in [Theme::Light, Theme::Dark] {
        page.theme(theme);
        page.size(390, 844);
        for (address, text) in PAGES {
            go(&page, address, text);
            let wide = "return [...document.querySelectorAll('body *')].filter(e =>
                  e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1
                  && ![...(function* () { for (let p = e.parentElement; p; p = p.parentElement) yield p })()]
                    .some(p => getComputedStyle(p).overflowX !== 'visible')).map(e => e.outerHTML.slice(0, 120))";
            assert_eq!(page.js(wide, json!([])), json!([]), "{address}: wider than the window");
            let scrolls = "return document.scrollingElement.scrollWidth > innerWidth";
            assert_eq!(page.js(scrolls, json!([])), false, "{address} scrolls sideways");
        }
    }
    page.finish();
}

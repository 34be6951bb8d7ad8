//! Nothing overlaps and no text is cut, by the boxes of the elements and of what is drawn on the canvas.

use crate::page::Page;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What is wrong with the boxes of the page's texts, as sentences. A text's box is what its containers leave of it in
/// sight.
const TEXTS: &str = r#"
    const wrong = [], root = document.documentElement, seen = [];
    if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} px wide`);
    const name = element => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '')
      + [...element.classList].map(c => '.' + c).join('') + ` “${element.textContent.trim().slice(0, 40)}”`;
    const clip = (box, by) => {
      const [x, y] = [Math.max(box.x, by.x), Math.max(box.y, by.y)];
      return new DOMRect(x, y, Math.min(box.right, by.right) - x, Math.min(box.bottom, by.bottom) - y);
    };
    const sight = new DOMRect(0, 0, innerWidth, innerHeight);
    for (const element of document.body.querySelectorAll('*')) {
      const style = getComputedStyle(element);
      const text = [...element.childNodes].filter(n => n.nodeType == 3 && n.data.trim());
      if (!text.length || element.closest('.sr-only, .flights:not(:focus-within), svg, [hidden], script, style, option') || style.visibility != 'visible'
        || !element.checkVisibility()) continue;
      // A text wider than the element that holds it, and hidden beyond: cut.
      if (style.overflowX != 'visible' && !['auto', 'scroll'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
        wrong.push(`cut: ${name(element)}`);
      // What a closed `details` holds beside its summary is not shown.
      if (element.matches('details:not([open])')) continue;
      for (const node of text) {
        const range = document.createRange();
        range.selectNodeContents(node);
        for (let box of range.getClientRects()) {
          let whole = box, lost = false;
          for (let above = element; above && above != root; above = above.parentElement) {
            const how = getComputedStyle(above);
            if (how.overflowX != 'visible' || how.overflowY != 'visible') {
              const scrolls = ['auto', 'scroll'].includes(how.overflowX) || ['auto', 'scroll'].includes(how.overflowY);
              const left = clip(box, above.getBoundingClientRect());
              if (!scrolls && left.width < box.width - 2 && left.width > 0) lost = true;
              box = left;
            }
            if (how.position == 'fixed') break;
          }
          if (lost) wrong.push(`cut by its container: ${name(element)}`);
          box = clip(box, sight);
          if (box.width > 1 && box.height > 1) seen.push({ element, box, over: style.zIndex });
        }
      }
    }
    // What lies over something else on purpose is opaque: only what can be seen at its own middle counts.
    const shown = seen.filter(({ element, box }) => {
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return top && (element.contains(top) || top.contains(element));
    });
    for (const [i, a] of shown.entries()) for (const b of shown.slice(i + 1)) {
      if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element)) continue;
      const both = clip(a.box, b.box);
      if (both.width > 2 && both.height > 3) wrong.push(`overlap: ${name(a.element)} and ${name(b.element)}`);
    }
    return [...new Set(wrong)]"#;

/// Of the stage: labels lie on nothing, and what one node takes no other takes. Needs `?bench` in the address.
const DRAWN: &str = r#"
    const flat = window.faultlineBoxes ?? [], boxes = [], wrong = [];
    for (let i = 0; i < flat.length; i += 5) boxes.push(flat.slice(i, i + 5));
    if (!boxes.length) return ['nothing is drawn'];
    const canvas = document.querySelector('.canvas').getBoundingClientRect();
    const palette = document.querySelector('.palette')?.getBoundingClientRect() ?? new DOMRect();
    for (const [i, [owner, x, y, w, h]] of boxes.entries()) {
      const under = Math.min(canvas.x + x + w, palette.right) - Math.max(canvas.x + x, palette.x) > 3
        && Math.min(canvas.y + y + h, palette.bottom) - Math.max(canvas.y + y, palette.y) > 3;
      if (under) wrong.push(`on the stage, box ${i} of ${owner} lies under the palette`);
      if (x < -1 || x + w > canvas.width + 1) wrong.push(`box ${i} of ${owner} leaves the stage`);
      for (const [other, x2, y2, w2, h2] of boxes.slice(i + 1)) {
        if (owner === other && owner >= 0) continue;
        const [both, high] = [Math.min(x + w, x2 + w2) - Math.max(x, x2), Math.min(y + h, y2 + h2) - Math.max(y, y2)];
        // Each box has a margin of two pixels around what it holds.
        if (both > 2 && high > 2) wrong.push(`on the stage, box ${i} of ${owner} and one of ${other} overlap by ${both | 0}×${high | 0}`);
      }
    }
    return wrong"#;

/// What is there and shows nothing: a place that should be filled and is not, a canvas of one colour, a button without words.
const BLANK: &str = r#"
    const wrong = [];
    const name = element => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + [...element.classList].map(c => '.' + c).join('');
    const shown = [...document.querySelectorAll('main, header, section, article, nav, canvas, button, [role=tabpanel], dialog[open]')]
      .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.sr-only, .spots, .flights'));
    if (!document.querySelector('main')) wrong.push('there is no main part');
    for (const element of shown) {
      const box = element.getBoundingClientRect();
      if (box.width < 8 || box.height < 8) { wrong.push(`nothing is seen of ${name(element)}: ${box.width | 0}×${box.height | 0}`); continue }
      if (element.tagName === 'CANVAS') {
        const { width, height } = element;
        const bytes = new Uint32Array(element.getContext('2d').getImageData(0, 0, width, height).data.buffer);
        if (bytes.every(pixel => pixel === bytes[0])) wrong.push(`blank: ${name(element)}`);
      } else if (!element.innerText?.trim() && !element.querySelector('canvas, svg, img, input') && !element.ariaLabel) {
        wrong.push(`blank: ${name(element)}`);
      }
    }
    return wrong"#;

/// What fingers operate is large enough for them. What stands within a line of text is as high as the line.
const TARGETS: &str = r#"
    const wrong = [];
    if (!matchMedia('(pointer: coarse)').matches) return ['no fingers'];
    for (const element of document.querySelectorAll('button, a[href], summary, select, input, textarea')) {
      if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('.sr-only, .flights, .spots') || element.matches('.sr-only, .skip')) continue;
      if (getComputedStyle(element).display === 'inline' || element.matches('.term, .cite, .link, .permalink')) continue;
      const box = (element.closest('label') ?? element).getBoundingClientRect();
      if (box.height < 43.5) wrong.push(`${element.outerHTML.slice(0, 90)} is ${box.height | 0} px high`);
    }
    return wrong"#;

fn found(page: &Page, script: &str) -> Vec<String> {
    let Value::Array(found) = page.js(script, json!([])) else { return vec!["the page did not answer".into()] };
    found.into_iter().filter_map(|said| said.as_str().map(String::from)).collect()
}

/// So long the page may be at drawing what was asked for: the engine's answer, a part that is loaded, a picture of another
/// size.
const AT_REST: Duration = Duration::from_secs(5);

/// What is wrong and stays so.
fn at_rest(page: &Page, scripts: &[&str]) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let wrong = now(page, scripts);
        if wrong.is_empty() || begun.elapsed() > AT_REST {
            return wrong;
        }
    }
}

fn now(page: &Page, scripts: &[&str]) -> Vec<String> {
    page.wait_frames(2);
    scripts.iter().flat_map(|script| found(page, script)).collect()
}

/// Nothing is blank, cut or overlapping, on any page.
pub fn flaws(page: &Page) -> Vec<String> {
    at_rest(page, &[BLANK, TEXTS])
}

/// The same at once, where flaws are looked for.
pub fn flaws_now(page: &Page) -> Vec<String> {
    now(page, &[BLANK, TEXTS])
}

/// What is too small for fingers; the page is in a browser with touch.
pub fn small_targets(page: &Page) -> Vec<String> {
    at_rest(page, &[TARGETS])
}

/// Looks at the page as it stands.
pub fn assert_fits(page: &Page, what: &str) {
    let wrong = at_rest(page, &[TEXTS, DRAWN]);
    if !wrong.is_empty() {
        page.screenshot("does-not-fit");
        panic!("{what}:\n{}", wrong.join("\n"));
    }
}

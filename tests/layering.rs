//! Rules of the repository, held by a test: the layer table of the crate documentation, what the core may not know, and
//! how long a file may be.

use faultline::protocols;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 600;

/// Must give the same bits everywhere and know no browser, clock, thread or file (architecture, invariants 2 and 3).
const CORE: [&str; 11] =
    ["base", "wire", "sim", "protocols", "check", "load", "lesson", "session", "view", "progress", "export"];
const CORE_AVOIDS: [&str; 17] = [
    "web_sys",
    "js_sys",
    "yew",
    "gloo",
    "wasm_bindgen",
    "std::time",
    "std::thread",
    "std::fs",
    "std::env",
    "std::net",
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
    "rand::rng(",
    "thread_rng",
    "RandomState",
];
/// The standard library's version differs between native and wasm32; `libm` does not.
const ENGINE: [&str; 8] = ["base", "wire", "sim", "protocols", "check", "load", "lesson", "session"];
const ENGINE_AVOIDS: [&str; 12] = [
    ".ln()", ".log(", ".log2()", ".log10()", ".exp()", ".exp2()", ".powf(", ".sin()", ".cos()", ".tan()", ".cbrt()",
    ".tanh()",
];
/// Native only, behind `cfg`.
const ALLOWED: [(&str, &str); 1] = [("src/check/sweep.rs", "std::thread")];

/// A line of code, with the file and line to name when it breaks a rule.
struct Line {
    module: String,
    place: String,
    file: String,
    code: String,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The files of a top folder, relative to the repository, with their text.
fn texts(top: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join(top), &mut found);
    let relative = |path: &PathBuf| path.strip_prefix(root).expect("inside").to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (relative(path), std::fs::read_to_string(path).expect("text"))).collect()
}

/// Every line of code (comments left out) of every module's folder.
fn code() -> Vec<Line> {
    let mut lines = Vec::new();
    for (file, text) in texts("src") {
        let Some((module, _)) = file["src/".len()..].split_once('/') else { continue };
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let (module, place) = (module.to_string(), format!("{file}:{}", i + 1));
            lines.push(Line { module, place, file: file.clone(), code: line.to_string() });
        }
    }
    lines
}

/// The table in `lib.rs`: `| 2 | sim | … |`.
fn layers() -> BTreeMap<String, u32> {
    let text = include_str!("../src/lib.rs");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
        let layer = cells.next()?.parse().ok()?;
        Some((cells.next()?.to_string(), layer))
    };
    text.lines().filter_map(row).collect()
}

fn complain(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The modules that a line of code names by `crate::`, singly or in braces.
fn named(code: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    for (at, marker) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + marker.len()..];
        let list = rest.strip_prefix('{').map_or(rest, |inner| inner.split_once('}').map_or(inner, |(list, _)| list));
        let parts = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
        for part in parts {
            let end = part.trim().find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(part.trim().len());
            modules.push(&part.trim()[..end]);
        }
    }
    modules
}

#[test]
fn modules_use_lower_layers_only() {
    let layers = layers();
    assert!(layers.len() >= 12, "the layer table of src/lib.rs cannot be read: {layers:?}");
    let mut broken = Vec::new();
    for line in code() {
        // Programs stand above everything.
        if line.module == "bin" {
            continue;
        }
        let Some(own) = layers.get(&line.module) else {
            broken.push(format!("{}: module \"{}\" is not in the layer table of src/lib.rs", line.place, line.module));
            continue;
        };
        for other in named(&line.code).into_iter().filter(|other| *other != line.module) {
            let lower = layers.get(other).is_some_and(|layer| layer < own);
            if !lower {
                broken.push(format!("{}: {} (layer {own}) uses {other}", line.place, line.module));
            }
        }
    }
    complain(broken);
}

#[test]
fn braces_and_paths_are_understood() {
    assert_eq!(named("use crate::base::{Micros, NodeId};"), ["base"]);
    assert_eq!(named("use crate::{base::Micros, sim};"), ["base", "sim"]);
    assert_eq!(named("    let x = crate::wire::Op { f: crate::sim::f() };"), ["wire", "sim"]);
    assert_eq!(named("mycrate::base"), Vec::<&str>::new());
}

#[test]
fn the_core_has_no_ambient_anything() {
    let mut broken = Vec::new();
    for line in code() {
        let avoids = CORE_AVOIDS.iter().filter(|_| CORE.contains(&line.module.as_str()));
        let more = ENGINE_AVOIDS.iter().filter(|_| ENGINE.contains(&line.module.as_str()));
        for word in avoids.chain(more).filter(|word| line.code.contains(**word)) {
            if !ALLOWED.contains(&(line.file.as_str(), *word)) {
                broken.push(format!("{}: {} may not use {word}", line.place, line.module));
            }
        }
    }
    complain(broken);
}

/// A name stands there as a word of its own; a method of that name (`.chain(…)`) is none.
fn says(code: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        !before.ends_with(|c| part(c) || c == '.') && !after.starts_with(part)
    })
}

/// The page is a client of the engine (invariant 5), and the engine knows protocols by their trait only.
#[test]
fn page_and_engine_name_no_protocol() {
    let mut broken = Vec::new();
    let names = protocols::all().iter().map(|entry| (entry.describe)().name);
    let spellings: Vec<String> = names.flat_map(|name| [name.to_string(), name.replace('-', "_")]).collect();
    for line in code() {
        let module = line.module.as_str();
        if ["base", "wire", "sim", "view", "ui", "worker"].contains(&module) {
            let named = spellings.iter().filter(|name| says(&line.code, name));
            broken.extend(named.map(|name| format!("{}: {module} names the protocol {name}", line.place)));
        }
        if ["view", "ui", "progress"].contains(&module) {
            let engine = named(&line.code).into_iter().filter(|m| ["sim", "protocols", "check", "session"].contains(m));
            broken.extend(engine.map(|other| format!("{}: {module} may not use {other}", line.place)));
        }
    }
    complain(broken);
}

#[test]
fn files_are_short() {
    let all = ["src", "tests", "benches"].into_iter().flat_map(texts);
    let long = all.map(|(file, text)| (file, text.lines().count())).filter(|(_, lines)| *lines >= LINES_MAX);
    complain(long.map(|(file, lines)| format!("{file} has {lines} lines; at most {} please", LINES_MAX - 1)).collect());
}

#[test]
fn browser_crates_are_dependencies_of_wasm_only() {
    let manifest = include_str!("../Cargo.toml");
    let mut section = "";
    let mut broken = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split([' ', '=']).next().unwrap_or("");
        let of_browser = ["web-sys", "js-sys", "yew", "gloo", "wasm-bindgen", "wasm-bindgen-futures"].contains(&name);
        let for_wasm = section.starts_with("[target.'cfg(target_arch = \"wasm32\")'");
        if of_browser && !for_wasm {
            broken.push(format!("Cargo.toml: {name} stands in {section}"));
        }
    }
    complain(broken);
}

/// One design system: colours stand in tokens, sizes of type are tokens. On paper there are no themes.
#[test]
fn style_sheets_take_colours_and_sizes_from_tokens() {
    let sheets =
        [("style.css", include_str!("../static/style.css")), ("bench.css", include_str!("../static/bench.css"))];
    let mut broken = Vec::new();
    for (name, text) in sheets {
        let screen = text.split("@media print").next().unwrap_or(text);
        for (i, line) in screen.lines().enumerate() {
            let token = line.trim_start().starts_with("--");
            let colour = line.split('#').skip(1).any(|rest| {
                let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
                matches!(digits, 3 | 6 | 8)
                    && rest.as_bytes().get(digits).is_some_and(|c| matches!(c, b';' | b' ' | b',' | b')'))
            });
            let size = line.split("font-size:").skip(1).any(|rest| {
                let value = rest.trim_start();
                value.starts_with(|c: char| c.is_ascii_digit())
                    && value.split(';').next().is_some_and(|v| v.contains("px"))
            });
            if !token && (colour || size) {
                broken.push(format!(
                    "static/{name}:{}: a colour or size of type that is no token: {}",
                    i + 1,
                    line.trim()
                ));
            }
        }
    }
    complain(broken);
}

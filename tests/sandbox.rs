//! Forms and the engine: what a form holds is the scenario to the bit, what is wrong comes back to its field, a run becomes
//! a form again, and two runs are compared.

use faultline::base::Micros;
use faultline::lesson::gallery::{FOLDER, Gallery};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::scenario::{Blueprint, Scenario};
use faultline::sim::timeline::Timeline;
use faultline::sim::world::Watch;
use faultline::view::compare::{self, Search};
use faultline::view::sandbox;
use faultline::wire::*;
use std::path::Path;

fn files() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons").join(FOLDER);
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| SourceFile {
        name: path.file_name().expect("a file").to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).expect("text"),
    };
    paths.iter().map(read).collect()
}

fn shelf() -> Shelf {
    Gallery::read(&files(), protocols::all()).unwrap_or_else(|findings| panic!("{findings:#?}")).shelf
}

fn entry(shelf: &Shelf, slug: &str) -> GalleryEntry {
    shelf.gallery.iter().find(|entry| entry.slug == slug).unwrap_or_else(|| panic!("no {slug}")).clone()
}

fn blueprint(sheet: &Sheet) -> Blueprint {
    let scenario = Scenario::of_sheet(sheet, protocols::all()).expect("a good sheet");
    Blueprint::resolve(scenario, protocols::all()).unwrap_or_else(|fault| panic!("{}: {fault:?}", sheet.title))
}

fn hash(blueprint: Blueprint, until: Micros) -> u64 {
    let mut timeline = Timeline::new(blueprint, Watch { properties: false, hash: true }, None);
    timeline.advance(until, u64::MAX);
    timeline.head().trace_hash()
}

fn open(sheet: &Sheet) -> (Session, Vec<Reply>) {
    let mut session = Session::new(protocols::all());
    let source = RunSource::Sheet(Box::new(sheet.clone()));
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    (session, replies)
}

fn at(session: &mut Session, at: Micros) -> Frame {
    match session.handle(Request::Show { at }).pop() {
        Some(Reply::Frame(frame)) => *frame,
        other => panic!("no frame: {other:?}"),
    }
}

#[test]
fn a_sheet_is_its_scenario_to_the_bit() {
    let (files, shelf) = (files(), shelf());
    for entry in &shelf.gallery {
        let file = files.iter().find(|file| file.name == format!("{}.toml", entry.slug)).expect("a file");
        let own = Blueprint::read(file, protocols::all()).expect("it was read before");
        assert_eq!(hash(blueprint(&entry.sheet), entry.until), hash(own, entry.until), "{}", entry.slug);
    }
}

/// Every field of every protocol's form, given the value that it shows, changes nothing of the run.
#[test]
fn a_form_that_is_filled_in_as_it_stands_is_the_same_run() {
    let shelf = shelf();
    for entry in &shelf.gallery {
        let mut sheet = entry.sheet.clone();
        for field in sandbox::sections(&shelf, &sheet).into_iter().flat_map(|section| section.fields) {
            if field.input != sandbox::Input::Line && field.id != "protocol" && field.id != "zones" {
                let set = sandbox::set(&shelf, &mut sheet, &field.id, &field.value);
                set.unwrap_or_else(|why| panic!("{}, {}: {why}", entry.slug, field.id));
            }
        }
        let until = entry.until;
        assert_eq!(hash(blueprint(&sheet), until), hash(blueprint(&entry.sheet), until), "{}", entry.slug);
    }
}

#[test]
fn what_is_wrong_comes_back_to_its_field() {
    let shelf = shelf();
    for protocol in &shelf.protocols {
        let good = sandbox::begin(&shelf, &protocol.name).expect("a start");
        for spec in protocol.parameters.iter().filter(|spec| spec.kind == ParameterKind::Time) {
            let mut sheet = good.clone();
            sandbox::set(&shelf, &mut sheet, &format!("p:{}", spec.name), "999 h")
                .expect("it is for the engine to say");
            let (_, replies) = open(&sheet);
            let [Reply::Wrong { part, why }] = &replies[..] else { panic!("{}: {replies:?}", spec.name) };
            assert_eq!(sandbox::field_of(&shelf, &sheet, part), format!("p:{}", spec.name));
            assert!(why.contains(&spec.accepts), "{why}");
        }
    }
    let mut sheet = sandbox::begin(&shelf, &shelf.protocols[0].name).expect("a start");
    sandbox::set(&shelf, &mut sheet, "latency", "uniform").expect("a kind");
    sandbox::set(&shelf, &mut sheet, "latency:0", "9 s").expect("a time");
    let (_, replies) = open(&sheet);
    let [Reply::Wrong { part, why }] = &replies[..] else { panic!("{replies:?}") };
    assert_eq!(sandbox::field_of(&shelf, &sheet, part), "latency");
    assert!(why.contains("min 9 s is above max"), "{why}");
}

#[test]
fn a_run_becomes_a_form_with_what_was_done_to_it() {
    let sheet = entry(&shelf(), "five-servers").sheet;
    let (mut session, _) = open(&sheet);
    at(&mut session, Micros::ms(400));
    session.handle(Request::Do(Command::Crash(NodeRef { node: "n2".into() })));
    let before = at(&mut session, Micros::ms(900));
    let Some(Reply::Sheet(new)) = session.handle(Request::Sheet).pop() else { panic!("no sheet") };
    let words =
        new.script.iter().any(|line| matches!(&line.what, Deed::Other { words, .. } if words == "You crash n2"));
    assert!(words && new.script.len() == sheet.script.len() + 1);
    let (mut again, _) = open(&new);
    let after = at(&mut again, Micros::ms(900));
    assert_eq!((before.nodes, before.flights, before.head_rows), (after.nodes, after.flights, after.head_rows));
}

/// Reads both traces as the page does. How often it asked, and where they part.
fn part(left: &Sheet, right: &Sheet, until: Micros) -> (u32, Search) {
    let (mut a, mut b) = (open(left).0, open(right).0);
    at(&mut a, until);
    at(&mut b, until);
    // Whatever the cursors are at.
    at(&mut b, Micros::ZERO);
    let mut search = Search::default();
    for asked in 1.. {
        let before = search.clone();
        let page = |session: &mut Session| match session.handle(Request::Trace { first: before.next }).pop() {
            Some(Reply::Trace(page)) => page,
            other => panic!("no page: {other:?}"),
        };
        search.take(&page(&mut a), &page(&mut b));
        if search == before || search.found.is_some() {
            return (asked, search);
        }
    }
    unreachable!("it ends with the traces")
}

#[test]
fn two_runs_part_where_their_difference_first_shows() {
    let shelf = shelf();
    let left = entry(&shelf, "five-servers").sheet;
    let (asked, search) = part(&left, &left, Micros::s(2));
    assert!(search.found.is_none() && search.next > 1_000 && asked > 2, "{search:?}");
    let mut right = left.clone();
    sandbox::set(&shelf, &mut right, "loss", "2").expect("a number");
    let settings = compare::settings(&shelf, &left, &right);
    assert_eq!(settings.len(), 1, "{settings:?}");
    let found = part(&left, &right, Micros::s(2)).1.found.expect("a message is lost");
    let said = compare::explain(&found, &settings).join("\n");
    assert!(found.same > 10, "{found:?}");
    for words in ["was lost", "a message is lost on one side only", "one thing alone: Lost is 0 on the left and 2 on"] {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
    let mut right = left.clone();
    sandbox::set(&shelf, &mut right, "p:heartbeat-interval", "70 ms").expect("a text");
    let found = part(&left, &right, Micros::s(2)).1.found.expect("they part");
    let said = compare::explain(&found, &compare::settings(&shelf, &left, &right)).join("\n");
    assert!(said.contains("heartbeat-interval is 50 ms on the left and 70 ms on the right"), "{said}");
}

/// Any scenario opens under any protocol, with its seed, its servers and its faults.
#[test]
fn every_scenario_can_be_set_beside_every_protocol() {
    let shelf = shelf();
    for entry in &shelf.gallery {
        for protocol in &shelf.protocols {
            let (sheet, _) = sandbox::under(&shelf, &entry.sheet, &protocol.name);
            let (_, replies) = open(&sheet);
            assert!(matches!(replies[..], [Reply::Opened(_), Reply::Frame(_)]), "{}: {replies:?}", entry.slug);
            assert_eq!(sheet.seed, entry.sheet.seed);
            // Where servers are asked directly, there is nobody for the clients to be.
            let clients = |sheet: &Sheet| sheet.nodes.iter().filter(|node| node.role == "client").count();
            if clients(&entry.sheet) > 0 && protocol.roles.iter().any(|role| role.name == "client") {
                assert_eq!(clients(&sheet), clients(&entry.sheet), "{} under {}", entry.slug, protocol.name);
            }
        }
    }
}

#[test]
fn both_runs_are_measured_and_judged_by_name() {
    let shelf = shelf();
    let entry = entry(&shelf, "double-vote");
    let versus = entry.versus.clone().expect("without the bug");
    let status = |sheet: &Sheet| {
        let (mut session, _) = open(sheet);
        let status = at(&mut session, entry.until).status.map(|status| *status);
        (session.opened().expect("it is open"), status.expect("it changed"))
    };
    let ((a, left), (b, right)) = (status(&entry.sheet), status(&versus));
    let properties = compare::properties(Some(&a), &left, Some(&b), &right);
    let safety = properties.iter().find(|s| s.name == "election safety").expect("a property");
    assert!(safety.left.starts_with("broken: ") && safety.right == "holds", "{safety:?}");
    let measures = compare::measures(&left, &right);
    // With two leaders nothing is answered: what there is to measure of one run only is there too.
    assert!(measures.iter().any(|s| s.name == "ops.latency_p50" && s.left == "–" && s.right != "–"));
    for name in ["ops.begun", "messages.sent", "bytes.sent"] {
        let both = measures.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("{name} is not there"));
        assert!(both.left != "–" && both.right != "–", "{both:?}");
    }
}

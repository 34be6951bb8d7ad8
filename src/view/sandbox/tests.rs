use super::*;
use crate::view::faults;
use crate::view::tests::{frame, opened};

fn spec(name: &str, default: &str, kind: ParameterKind) -> ParameterSpec {
    let (name, default) = (name.into(), default.into());
    ParameterSpec { name, meaning: "what it does".into(), accepts: "a time from 1 ms to 1 s".into(), default, kind }
}

fn info(name: &str, server: &str, more: &[&str], functions: &[&str], start: u32) -> ProtocolInfo {
    let role =
        |role: &&str| RoleInfo { name: (*role).into(), meaning: "does things".into(), client: *role == "client" };
    let function = |f: &&str| FunctionInfo { f: (*f).into(), has_key: true, has_value: false };
    ProtocolInfo {
        name: name.into(),
        summary: "a protocol".into(),
        roles: [&[server, "client"][..], more].concat().iter().map(role).collect(),
        functions: functions.iter().map(function).collect(),
        parameters: vec![
            spec("retry-after", "40 ms", ParameterKind::Time),
            spec(&format!("bug-{name}"), "false", ParameterKind::Bug),
        ],
        start,
    }
}

fn node(name: &str, role: &str) -> SheetNode {
    SheetNode { name: name.into(), role: role.into(), groups: Vec::new(), place: None }
}

fn entry(protocol: &str, nodes: Vec<SheetNode>) -> GalleryEntry {
    let sheet = Sheet { protocol: protocol.into(), nodes, ..Sheet::default() };
    GalleryEntry {
        slug: protocol.into(),
        why: String::new(),
        outcome: String::new(),
        until: Micros::s(1),
        sheet,
        cap: false,
        versus: None,
    }
}

/// Two protocols: servers and clients, and members, an overseer and clients.
fn shelf() -> Shelf {
    let nodes = |server: &str, role: &str| {
        let servers = (1..=3).map(|i| node(&format!("{server}{i}"), role));
        servers.chain([node("c1", "client")]).collect::<Vec<_>>()
    };
    let mut other = nodes("m", "member");
    other.push(node("o", "overseer"));
    Shelf {
        protocols: vec![
            info("one", "server", &[], &["get", "put"], 0),
            info("two", "member", &["overseer"], &["get"], 1),
        ],
        gallery: vec![entry("one", nodes("n", "server")), entry("two", other)],
    }
}

fn sheet() -> (Shelf, Sheet) {
    let shelf = shelf();
    let sheet = begin(&shelf, "one").expect("it is there");
    (shelf, sheet)
}

fn fields(shelf: &Shelf, sheet: &Sheet) -> Vec<Field> {
    sections(shelf, sheet).into_iter().flat_map(|section| section.fields).collect()
}

fn value(shelf: &Shelf, sheet: &Sheet, id: &str) -> String {
    let field = fields(shelf, sheet).into_iter().find(|field| field.id == id);
    field.unwrap_or_else(|| panic!("no field {id}")).value
}

fn names(sheet: &Sheet) -> Vec<&str> {
    sheet.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[test]
fn every_field_takes_its_own_value_and_says_what_it_is() {
    let (shelf, mut sheet) = sheet();
    add_workload(&shelf, &mut sheet);
    for kind in ["uniform", "exponential", "normal", "log-normal", "pareto", "constant"] {
        set(&shelf, &mut sheet, "latency", kind).expect(kind);
        set(&shelf, &mut sheet, "disk", kind).expect(kind);
        let before = sheet.clone();
        for field in fields(&shelf, &sheet).iter().filter(|field| field.input != Input::Line) {
            set(&shelf, &mut sheet, &field.id, &field.value).unwrap_or_else(|why| panic!("{}: {why}", field.id));
            let says = !field.about.is_empty() || matches!(field.input, Input::Choice(_));
            assert!(says, "{} does not say what it is", field.id);
            if field.id == "protocol" {
                sheet = before.clone();
            }
        }
        assert_eq!(value(&shelf, &sheet, "latency"), kind);
    }
    // Field by field the same, though what was left out is written down now.
    let ids: Vec<String> = fields(&shelf, &sheet).into_iter().map(|field| field.id).collect();
    assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 1), "{ids:?}");
}

/// A latency of messages of one kind is a field as any other, and goes with its protocol.
#[test]
fn latencies_of_kinds_are_fields() {
    let (shelf, mut sheet) = sheet();
    let slow = Distribution::Exponential { min: Micros::ZERO, mean: Micros::ms(60) };
    sheet.network.kinds = Some([("Write".to_string(), slow)].into());
    assert_eq!(value(&shelf, &sheet, "kind:Write"), "exponential");
    set(&shelf, &mut sheet, "kind:Write:1", "20 ms").expect("a time");
    assert_eq!(value(&shelf, &sheet, "kind:Write:1"), "20 ms");
    set(&shelf, &mut sheet, "kind:Write", "constant").expect("a kind");
    assert_eq!(value(&shelf, &sheet, "kind:Write:0"), "20 ms");
    let (other, left) = swap::under(&shelf, &sheet, "two");
    assert_eq!(other.network.kinds, None);
    assert!(left.contains(&"the latency of Write".to_string()), "{left:?}");
}

#[test]
fn texts_that_mean_nothing_are_refused_in_words() {
    let (shelf, mut sheet) = sheet();
    let before = sheet.clone();
    for (id, text, says) in [
        ("loss", "lots", "from 0 to 100"),
        ("loss", "101", "from 0 to 100"),
        ("count:server", "301", "from 0 to 300"),
        ("zones", "x", "from 0 to 6"),
        ("seed", "-1", "whole number"),
    ] {
        let why = set(&shelf, &mut sheet, id, text).expect_err(text);
        assert!(why.contains(says), "{why}");
    }
    assert_eq!(sheet, before);
    let why = set(&shelf, &mut sheet, "latency:0", "5 parsecs").expect_err("no time");
    assert!(why.contains("us, ms, s"), "{why}");
    assert_eq!(field_of(&shelf, &sheet, "retry-after"), "p:retry-after");
    assert_eq!(field_of(&shelf, &sheet, "\"server\""), "zones");
}

#[test]
fn parameters_are_kept_where_they_are_not_usual() {
    let (shelf, mut sheet) = sheet();
    set(&shelf, &mut sheet, "p:retry-after", "10 ms").expect("a text");
    set(&shelf, &mut sheet, "p:bug-one", "true").expect("a text");
    assert_eq!(sheet.parameters, [("bug-one".into(), "true".into()), ("retry-after".into(), "10 ms".into())]);
    let unusual: Vec<String> =
        fields(&shelf, &sheet).into_iter().filter(Field::is_unusual).map(|field| field.label).collect();
    assert_eq!(unusual, ["retry-after", "bug-one"]);
    set(&shelf, &mut sheet, "p:bug-one", "false").expect("a text");
    set(&shelf, &mut sheet, "p:retry-after", "40 ms").expect("a text");
    assert_eq!(sheet.parameters, []);
}

#[test]
fn nodes_come_go_and_stand_in_zones() {
    let (shelf, mut sheet) = sheet();
    set(&shelf, &mut sheet, "count:server", "5").expect("a number");
    assert_eq!(names(&sheet), ["n1", "n2", "n3", "n4", "n5", "c1"]);
    set(&shelf, &mut sheet, "zones", "3").expect("a number");
    set(&shelf, &mut sheet, "between", "20 ms").expect("a time");
    assert_eq!((sheet.script.len(), sheet.layout), (3, Arrangement::Groups));
    let zone = |sheet: &Sheet, i: usize| sheet.nodes[i].groups.join(",");
    assert_eq!(
        (zone(&sheet, 0), zone(&sheet, 4), zone(&sheet, 5)),
        ("zone=a".into(), "zone=b".into(), "zone=a".into())
    );
    set(&shelf, &mut sheet, "zones", "2").expect("a number");
    assert_eq!((sheet.script.len(), value(&shelf, &sheet, "between")), (1, "20 ms".into()));
    set(&shelf, &mut sheet, "count:server", "2").expect("a number");
    set(&shelf, &mut sheet, "zones", "0").expect("a number");
    assert_eq!((names(&sheet), sheet.script.len()), (vec!["n1", "n2", "c1"], 0));
    set(&shelf, &mut sheet, "count:server", "0").expect("a number");
    set(&shelf, &mut sheet, "count:server", "1").expect("a number");
    assert_eq!(names(&sheet), ["c1", "n1"]);
}

#[test]
fn scripts_stay_in_the_order_of_their_times() {
    let (shelf, mut sheet) = sheet();
    let (opened, status) = (opened(5, 2), Status::default());
    let frame = frame(&opened, 0);
    let bench = crate::view::acts::Bench { opened: &opened, frame: &frame, status: &status };
    let script = faults::Preset::RollingRestart.script(bench, None).expect("servers");
    let count = script.len();
    add_script(&mut sheet, Micros::ms(100), "Rolling restart", script);
    add_workload(&shelf, &mut sheet);
    let rises = |sheet: &Sheet| sheet.script.windows(2).all(|pair| pair[0].at <= pair[1].at);
    assert!(rises(&sheet) && sheet.script.len() == count + 1);
    let lines: Vec<Field> = fields(&shelf, &sheet).into_iter().filter(|f| f.id.starts_with("at:")).collect();
    assert!(lines.iter().any(|field| field.label.starts_with("Rolling restart: crash (n1)")), "{lines:?}");
    set(&shelf, &mut sheet, "at:1", "10 s").expect("a time");
    assert!(rises(&sheet) && sheet.script.last().is_some_and(|line| line.at == Micros::s(10)));
    remove(&mut sheet, 0);
    remove(&mut sheet, 99);
    assert_eq!(sheet.script.len(), count);
}

#[test]
fn another_protocol_takes_over_what_it_can() {
    let (shelf, mut sheet) = sheet();
    add_workload(&shelf, &mut sheet);
    set(&shelf, &mut sheet, "p:retry-after", "10 ms").expect("a text");
    set(&shelf, &mut sheet, "p:bug-one", "true").expect("a text");
    let own = Deed::Other { words: "You fire timer 1 of n1".into(), needs: Needs::Itself, command: vec![] };
    script::put(&mut sheet, Micros::ms(1), own);
    let (new, left) = under(&shelf, &sheet, "two");
    let nodes: Vec<(&str, &str)> = new.nodes.iter().map(|n| (n.name.as_str(), n.role.as_str())).collect();
    let same = [("n1", "member"), ("n2", "member"), ("n3", "member"), ("c1", "client")];
    assert_eq!(nodes, [&same[..], &[("o", "overseer")]].concat());
    assert_eq!(left, ["the parameter bug-one", "operations put", "“You fire timer 1 of n1”"]);
    assert_eq!((new.parameters.len(), new.script.len()), (1, 1));
    let (back, left) = under(&shelf, &new, "one");
    assert_eq!((names(&back), left), (vec!["n1", "n2", "n3", "c1"], vec![]));
}

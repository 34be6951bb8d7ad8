//! The cut of small modules, written by hand.

use super::lists::part;
use super::*;
use std::collections::BTreeMap;

/// A module with an imported function and five of its own: their names, their calls, and the second one's place in the
/// table. The first of its own is exported.
fn wasm(functions: &[(&str, &[usize])]) -> Vec<u8> {
    let mut file = File::new();
    file.section(1, &[1, FUNCTION_TYPE, 0, 0]);
    file.section(2, &[1, 1, b'm', 1, b'i', FUNCTION, 0]);
    file.section(3, &vector(functions, |out, _| out.push(0)));
    file.section(4, &[1, 0x70, 1, 2, 2]);
    file.section(5, &[1, 0, 1]);
    file.section(6, &[1, 0x7f, 1, 0x41, END, END]);
    file.section(7, &[1, 1, b'e', FUNCTION, 1]);
    file.section(9, &[1, 0, 0x41, 1, END, 1, 2]);
    let body = |calls: &[usize]| {
        let mut body = vec![1, 1, 0x7f];
        calls.iter().for_each(|call| body.extend([CALL, *call as u8]));
        // A constant whose bytes look like a call.
        body.extend([0x41, CALL, 0x1a, END]);
        body
    };
    file.section(10, &code(&functions.iter().map(|(_, calls)| body(calls)).collect::<Vec<_>>()));
    let numbered: Vec<(usize, &str)> = functions.iter().enumerate().map(|(i, (name, _))| (i + 1, *name)).collect();
    let mut names = Vec::new();
    text(&mut names, "name");
    names.push(1);
    let list = vector(&numbered, |out, (i, name)| {
        number(out, *i);
        text(out, name);
    });
    number(&mut names, list.len());
    names.extend(list);
    file.section(0, &names);
    file.bytes
}

const LIST: &[&str] = &["faultline::later"];
const REST: &[Part] = &[part("rest", LIST)];

/// The parts of a file.
fn parted(wasm: &[u8], script: &str, parts: &[Part]) -> Found<Parts> {
    split(&Module::read(wasm)?, &Linked::default(), script, parts)
}

#[test]
fn the_rest_takes_along_what_only_it_calls() {
    let whole = wasm(&[
        ("faultline[0a1b]::start", &[0, 4]),
        ("faultline[0a1b]::later::draw", &[4, 5, 0]),
        ("<faultline[0a1b]::later::Thing>::drop_slow", &[]),
        ("core[2]::shared", &[]),
        ("core[2]::only", &[0]),
    ]);
    let parts = parted(&whole, "", REST).expect("a cut");
    let page = Module::read(&parts.first).expect("a wasm");
    // The imported one, `start`, `shared`, and the one that traps; nothing calls the one that drops.
    assert_eq!(page.functions.len(), 4);
    assert_eq!(page.places, BTreeMap::from([(1, 3)]));
    assert_eq!(calls(page.body(1)), Ok(vec![0, 2]));
    assert_eq!(page.body(3), [0, UNREACHABLE, END]);
    assert_eq!(page.globals, [(&[0x7f, 1][..], &[0x41, END, END][..])]);
    let given: Vec<(&str, u8, usize)> = page.exports.clone();
    let of = |kind, index| (kind, index);
    let expected = [of(FUNCTION, 0), of(FUNCTION, 2), of(TABLE, 0), of(MEMORY, 0), of(GLOBAL, 0)];
    assert_eq!(given[0], ("e", FUNCTION, 1));
    assert_eq!(given[1..].iter().map(|(_, kind, index)| of(*kind, *index)).collect::<Vec<_>>(), expected);
}

#[test]
fn the_page_may_not_call_the_rest_by_name() {
    let whole = wasm(&[("faultline[0a1b]::start", &[2]), ("faultline[0a1b]::later::draw", &[])]);
    let why = parted(&whole, "", REST).err().expect("an error");
    assert_eq!(why, "faultline::start calls faultline::later::draw, which is loaded later: see ui::rest");
}

#[test]
fn what_is_not_ours_reaches_the_rest_by_the_table() {
    let whole = wasm(&[("yew[7]::view", &[2]), ("<faultline[0a1b]::later::Page>::view", &[])]);
    let parts = parted(&whole, "", REST).expect("a cut");
    let page = Module::read(&parts.first).expect("a wasm");
    // A place more, after the two that there were.
    assert_eq!(page.tables, [[0x70, 1, 3, 3]]);
    assert!(calls(page.body(1)).is_ok_and(|calls| calls.is_empty()));
    assert!(page.body(1).windows(5).any(|code| code == [0x41, 2, CALL_INDIRECT, 0, 0]));
}

/// A worker may wait: what is called, or stands in the table, loads the rest first and then calls it.
#[test]
fn an_engine_loads_the_rest_when_it_is_needed() {
    let mut file = File::new();
    // Two numbers, and one comes back.
    file.section(1, &[2, FUNCTION_TYPE, 0, 0, FUNCTION_TYPE, 2, 0x7f, 0x7f, 1, 0x7f]);
    file.section(3, &[4, 0, 0, 1, 1]);
    file.section(4, &[1, 0x70, 0, 2]);
    file.section(
        7,
        &vector(&[("e", 0), (LOAD, 1)], |out, (name, function)| {
            text(out, name);
            out.extend([FUNCTION, *function]);
        }),
    );
    file.section(9, &[1, 0, 0x41, 1, END, 1, 3]);
    let bodies = [&[0, CALL, 2, END][..], &[0, END], &[0, 0x41, 7, END], &[0, 0x41, 9, END]];
    file.section(10, &code(&bodies.map(<[u8]>::to_vec)));
    let named = ["faultline::start", "load_part", "faultline::later::called", "faultline::later::pointed"];
    file.section(0, &names(&named));
    let parts = parted(&file.bytes, "", REST).expect("a cut");
    let (page, rest) = (Module::read(&parts.first).expect("a wasm"), Module::read(&parts.others[0].1));
    // Its two own functions, and one for each place in the table.
    assert_eq!(page.places.keys().copied().collect::<Vec<_>>(), [1, 2]);
    let load = page.export(LOAD).expect("it stays");
    for (place, stub) in &page.places {
        let body = [0, 0x41, 0, CALL, load as u8, LOCAL, 0, LOCAL, 1, 0x41, *place as u8, CALL_INDIRECT, 1, 0, END];
        assert_eq!((page.functions[*stub], page.body(*stub)), (1, &body[..]));
    }
    let start = page.export("e").expect("it stays");
    assert_eq!(page.body(start), [0, 0x41, 2, CALL_INDIRECT, 1, 0, END]);
    assert!(
        rest.is_err_and(|why| why.contains("something else than a function is imported")),
        "it has the same memory"
    );
}

/// The section with the names of functions.
fn names(named: &[&str]) -> Vec<u8> {
    let mut names = Vec::new();
    text(&mut names, "name");
    names.push(1);
    let numbered: Vec<(usize, &str)> = named.iter().copied().enumerate().collect();
    let list = vector(&numbered, |out, (i, name)| {
        number(out, *i);
        text(out, name);
    });
    number(&mut names, list.len());
    names.extend(list);
    names
}

/// A section of a file that has imports of all kinds.
fn section(file: &[u8], wanted: u8) -> Reader<'_> {
    let mut r = Reader::new(file);
    r.take(8).expect("a head");
    while !r.ended() {
        let (id, size) = (r.byte().expect("a section"), r.index().expect("its size"));
        let section = Reader::new(r.take(size).expect("what is in it"));
        if id == wanted {
            return section;
        }
    }
    panic!("there is no section {wanted}");
}

fn bodies_of(file: &[u8]) -> Vec<&[u8]> {
    section(file, 10).each(|r| r.index().and_then(|size| r.take(size))).expect("code")
}

/// A function of a wasm as the linker writes it: its name, the functions that it calls, the pieces of data that it uses.
type Linking<'a> = (&'a str, &'a [usize], &'a [usize]);

/// A wasm as the linker writes it, with what uses what: functions, of which the first is exported and the second loads parts,
/// and pieces of data of eight bytes with a gap after each, with the addresses of functions in them. These stand in the table.
fn linked(functions: &[Linking], pieces: &[&[usize]]) -> Vec<u8> {
    let pointed: Vec<usize> = pieces.concat();
    let (mut bodies, mut in_code, mut at) = (Vec::new(), Vec::new(), 1);
    for (_, calls, used) in functions {
        let mut body = vec![0];
        calls.iter().for_each(|call| body.extend([CALL, *call as u8]));
        for piece in *used {
            body.extend([CONSTANT, 7, 0x1a]);
            // A kind, a place, a symbol, what is added.
            in_code.push([4, (at + body.len() - 1) as u8, *piece as u8, 0]);
        }
        body.push(END);
        at += 1 + body.len();
        bodies.push(body);
    }
    let symbol = |(i, _): (usize, &&[usize])| vec![1, 0, 1, b'd', 0, (16 * i) as u8, 8];
    let function = |function: &usize| vec![0, 0, *function as u8, 1, b'f'];
    let mut symbols: Vec<Vec<u8>> = pieces.iter().enumerate().map(symbol).collect();
    symbols.extend(pointed.iter().map(function));
    // Others: data and functions that are not here, a section.
    symbols.extend([vec![1, 0x10, 1, b'u'], vec![0, 0x10, 0], vec![3, 0, 1]]);
    // The first segment's bytes come after its head.
    let addresses =
        pieces.iter().enumerate().flat_map(|(piece, of)| (0..of.len()).map(move |i| 7 + 16 * piece + 4 * i));
    let in_data: Vec<[u8; 3]> =
        addresses.enumerate().map(|(i, place)| [2, place as u8, (pieces.len() + i) as u8]).collect();

    let mut file = File::new();
    let custom = |file: &mut File, name: &str, content: &[u8]| {
        let mut out = Vec::new();
        text(&mut out, name);
        out.extend(content);
        file.section(0, &out);
    };
    file.section(1, &[1, FUNCTION_TYPE, 0, 0]);
    file.section(3, &vector(functions, |out, _| out.push(0)));
    file.section(4, &[1, 0x70, 0, pointed.len() as u8 + 1]);
    file.section(5, &[1, 0, 1]);
    file.section(
        7,
        &vector(&[("e", 0), (LOAD, 1)], |out, (name, function)| {
            text(out, name);
            out.extend([FUNCTION, *function]);
        }),
    );
    file.section(9, &[&[1, 0, CONSTANT, 1, END][..], &vector(&pointed, |out, f| out.push(*f as u8))].concat());
    file.section(10, &code(&bodies));
    file.section(11, &data(&[(1024, (1..=16 * pieces.len() as u8).collect())]));
    let symbols = vector(&symbols, |out, symbol| out.extend(symbol));
    custom(&mut file, "linking", &[&[2, 8, symbols.len() as u8][..], &symbols].concat());
    custom(&mut file, "reloc.CODE", &[&[6][..], &vector(&in_code, |out, fixed| out.extend(fixed))].concat());
    custom(&mut file, "reloc.DATA", &[&[7][..], &vector(&in_data, |out, fixed| out.extend(fixed))].concat());
    file.section(0, &names(&functions.iter().map(|(name, ..)| *name).collect::<Vec<_>>()));
    file.bytes
}

/// A part's own data: the numbers of the pieces.
fn pieces_of(file: &[u8]) -> Vec<usize> {
    let segments = section(file, 11).each(data_segment).expect("data");
    segments.iter().map(|(from, _)| (from - 1024) / 16).collect()
}

/// Data that only one part uses goes with it, and the functions whose addresses only that has.
#[test]
fn a_part_takes_along_data_and_what_that_points_to() {
    let file = linked(
        &[
            ("faultline::start", &[2], &[1]),
            ("load_part", &[], &[]),
            ("faultline::later::draw", &[], &[0, 1]),
            ("core::pointed", &[], &[]),
            ("core::kept", &[], &[]),
        ],
        &[&[3], &[4]],
    );
    let (module, known) = (Module::read(&file).expect("a wasm"), Linked::read(&file).expect("it says what uses what"));
    assert_eq!(known.pieces.iter().map(|piece| piece.at.clone()).collect::<Vec<_>>(), [1024..1032, 1040..1048]);
    let parts = split(&module, &known, "", REST).expect("a cut");
    let data = |file| section(file, 11).each(data_segment).expect("data");
    let rest = &parts.others[0].1;
    assert_eq!(data(rest), [(1024, &[1, 2, 3, 4, 5, 6, 7, 8][..])]);
    let expected: Vec<u8> = (1..=32).map(|byte| if byte > 8 { byte } else { 0 }).collect();
    assert_eq!(data(&parts.first), [(1024, &expected[..])]);
    assert_eq!(bodies_of(rest).len(), 2, "draw, and what only its data points to");
    let first = Module::read(&parts.first).expect("a wasm");
    let in_table: Vec<&[u8]> = first.places.values().map(|function| first.body(*function)).collect();
    assert!(in_table[0].contains(&CALL_INDIRECT), "what loads the rest: {in_table:?}");
    assert_eq!(in_table[1], [0, END], "the other's address is in data that both use");
}

/// Data is there whenever one of those runs that use it: what a part has in common with one that it comes after may be that
/// one's, what with another must be of the first.
#[test]
fn data_is_there_when_it_is_used() {
    const PARTS: &[Part] = &[
        part("a", &["faultline::a"]),
        part("later", &["faultline::later"]),
        Part { after: &["later"], ..part("export", &["faultline::export"]) },
    ];
    let file = linked(
        &[
            ("faultline::start", &[2, 3, 4], &[]),
            ("load_part", &[], &[]),
            ("faultline::a::f", &[5], &[0, 1]),
            ("faultline::later::f", &[], &[2]),
            ("faultline::export::f", &[5], &[1, 2, 3]),
            // Both `a` and `export` call it, so it goes to `later`, and with it the data that it alone uses.
            ("core::shared", &[], &[4]),
            // `wasm-bindgen` has given it another name: it may run at any time.
            ("renamed_0a1b", &[], &[5]),
        ],
        &[&[], &[], &[], &[], &[], &[]],
    );
    let known = Linked::read(&file).expect("it says what uses what");
    let mut module = Module::read(&file).expect("a wasm");
    module.names.insert(6, "renamed".into());
    let parts = split(&module, &known, "", PARTS).expect("a cut");
    let own: Vec<(&str, Vec<usize>)> = parts.others.iter().map(|(name, file)| (*name, pieces_of(file))).collect();
    assert_eq!(own, [("a", vec![0]), ("later", vec![2, 4]), ("export", vec![3])]);
    let first = &section(&parts.first, 11).each(data_segment).expect("data")[0];
    let left: Vec<usize> = (0..6).filter(|piece| first.1[16 * piece] != 0).collect();
    assert_eq!(left, [1, 5]);
    // Who needs `export` has `later` loaded first.
    let bodies = bodies_of(&parts.first);
    assert!(bodies.iter().any(|body| body.starts_with(&[0, CONSTANT, 1, CALL, 1, CONSTANT, 2, CALL, 1])), "{bodies:?}");
}

#[test]
fn a_wasm_must_say_what_uses_what() {
    let why = Linked::read(&wasm(&[("faultline::start", &[])])).err().expect("an error");
    assert!(why.contains("--emit-relocs"), "{why}");
    let whole = linked(&[("start", &[], &[0]), ("load_part", &[], &[])], &[&[1]]);
    assert!(Linked::read(&whole).is_ok());
    for end in 0..whole.len() {
        let _ = Linked::read(&whole[..end]);
    }
}

/// Of the page each part needs those before it: what two call is of the earlier one, which may not call a later one by name.
#[test]
fn parts_of_the_page_come_one_after_another() {
    const PARTS: &[Part] =
        &[part("rest", &["faultline::rest"]), Part { after: &["rest"], ..part("board", &["faultline::board"]) }];
    let named = [
        ("faultline::start", &[][..]),
        ("faultline::kept", &[]),
        ("faultline::rest::draw", &[4, 0]),
        ("core::shared", &[]),
        ("faultline::board::draw", &[3, 4, 6]),
        ("core::only", &[]),
    ];
    let parts = parted(&wasm(&named), "", PARTS).expect("a cut");
    let counts: Vec<(&str, usize)> = parts.others.iter().map(|(name, file)| (*name, bodies_of(file).len())).collect();
    // `rest::draw` and `shared`; `board::draw` and `only`.
    assert_eq!(counts, [("rest", 2), ("board", 2)]);
    let indirect = |body: &&[u8]| body.windows(2).filter(|code| *code == [CALL_INDIRECT, 0]).count();
    let board: usize = bodies_of(&parts.others[1].1).iter().map(indirect).sum();
    assert_eq!(board, 2, "it calls what the rest has by the table");
    let back = [("faultline::start", &[][..]), ("faultline::rest::draw", &[3]), ("faultline::board::draw", &[])];
    let why = parted(&wasm(&back), "", PARTS).err().expect("an error");
    assert_eq!(why, "faultline::rest::draw calls faultline::board::draw, which is loaded later: see ui::rest");
}

/// What only one part calls goes with it; what two call stays in the first; a part calls another by the table.
#[test]
fn parts_share_what_is_in_the_first() {
    const PARTS: &[Part] = &[part("a", &["faultline::a"]), part("b", &["faultline::b"])];
    let named = ["faultline::start", "load_part", "faultline::a::f", "faultline::b::f", "core::shared", "core::only"];
    let calls: [&[u8]; 6] = [&[2], &[], &[4, 5, 3], &[4], &[], &[]];
    // Each has as many constants as its number says.
    let body = |i: usize| {
        let mut body = vec![0];
        (0..i).for_each(|_| body.extend([0x41, 7, 0x1a]));
        calls[i].iter().for_each(|call| body.extend([CALL, *call]));
        body.push(END);
        body
    };
    let mut file = File::new();
    file.section(1, &[1, FUNCTION_TYPE, 0, 0]);
    file.section(3, &[6, 0, 0, 0, 0, 0, 0]);
    file.section(4, &[1, 0x70, 0, 1]);
    file.section(
        7,
        &vector(&[("e", 0), (LOAD, 1)], |out, (name, function)| {
            text(out, name);
            out.extend([FUNCTION, *function]);
        }),
    );
    file.section(10, &code(&(0..6).map(body).collect::<Vec<_>>()));
    file.section(0, &names(&named));
    let parts = parted(&file.bytes, "", PARTS).expect("a cut");
    let which = |body: &&[u8]| body.windows(2).filter(|code| *code == [7, 0x1a]).count();
    let of = |file: &[u8]| {
        let mut all: Vec<usize> = bodies_of(file).iter().map(which).collect();
        all.sort_unstable();
        all
    };
    // Two of the first part's are stubs, without such a constant: as many as there are ways into others.
    assert_eq!(of(&parts.first), [0, 0, 0, 1, 4]);
    assert_eq!(
        parts.others.iter().map(|(name, file)| (*name, of(file))).collect::<Vec<_>>(),
        [("a", vec![2, 5]), ("b", vec![3])]
    );
    let bodies = bodies_of(&parts.others[0].1);
    let a = bodies.iter().find(|body| which(body) == 2).expect("it is there");
    assert_eq!(a.iter().filter(|byte| **byte == CALL_INDIRECT).count(), 1, "b is called by its place: {a:?}");
}

#[test]
fn every_protocol_is_a_part_of_the_engine() {
    let parts: Vec<&str> =
        ENGINE.iter().map(|part| part.name).filter(|name| !["later", "export"].contains(name)).collect();
    let protocols: Vec<&str> = faultline::protocols::all().iter().map(|entry| entry.name).collect();
    assert!(protocols.iter().all(|name| parts.contains(name)), "{protocols:?}");
    assert_eq!(parts.len(), protocols.len());
}

#[test]
fn what_is_loaded_later_is_there() {
    let folder = |path: &[&str]| format!("{}/src/{}", env!("CARGO_MANIFEST_DIR"), path.join("/"));
    let sources = |path: &[&str]| {
        let folders = (1..path.len()).rev().map(|end| folder(&path[..end]));
        let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).next().expect("a layer").flatten();
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect::<Vec<_>>()
    };
    let source = |path: &[&str]| {
        let file = folder(path);
        ["rs", "mod.rs"]
            .iter()
            .zip([".", "/"])
            .find_map(|(end, dot)| std::fs::read_to_string(file.clone() + dot + end).ok())
    };
    let function = |text: &str, name: &str| {
        let said = [("fn", "("), ("fn", "<"), ("struct", " "), ("enum", " "), ("const", ":")];
        said.iter().any(|(kind, next)| text.contains(&format!("{kind} {name}{next}")))
    };
    for path in lists::PAGE.iter().chain(ENGINE).flat_map(|part| part.of).filter(|path| path.starts_with("faultline::"))
    {
        let parts: Vec<&str> = path.split("::").skip(1).collect();
        let (name, module) = parts.split_last().expect("a path");
        let there = match module.last().is_some_and(|of| of.ends_with('>')) {
            // A method: in any file of its folder.
            true => sources(module).iter().any(|text| function(text, name)),
            false => source(&parts).is_some() || source(module).is_some_and(|text| function(&text, name)),
        };
        assert!(there, "there is no {path}");
    }
}

#[test]
fn a_module_is_a_whole_word() {
    assert!(belongs("<faultline::later::Thing as core::fmt::Debug>::fmt", LIST[0]));
    assert!(!belongs("faultline::later_on::draw", LIST[0]));
    assert!(!belongs("core::ptr::drop_in_place::<faultline::later::Thing>", LIST[0]));
    assert_eq!(plain("<a[0f]::B<[u8]> as c[1]::D<[a[2]::E; 3]>>::f"), "<a::B<[u8]> as c::D<[a::E; 3]>>::f");
}

/// Each function's calls and code, by names: what a file means, in whatever order it is.
fn meaning(file: &[u8], names: &[&str]) -> BTreeMap<String, (Vec<String>, usize)> {
    let module = Module::read(file).expect("a wasm");
    let name = |function: usize| match function {
        0 => "imported".to_owned(),
        // By its code: the count of constants is its own.
        own => names[module.body(own).iter().filter(|byte| **byte == 0x41).count() - 2].to_owned(),
    };
    let own = 1..module.functions.len();
    own.map(|function| {
        let body = module.body(function);
        (name(function), (calls(body).expect("code").into_iter().map(name).collect(), body.len()))
    })
    .collect()
}

#[test]
fn the_order_of_functions_means_nothing() {
    let names = ["start", "one", "two", "three"];
    let calls: [&[usize]; 4] = [&[0, 2, 4], &[4, 0], &[3, 3], &[1]];
    // Each has a constant more than the one before.
    let body = |i: usize| {
        let mut body = vec![1, 1, 0x7f];
        calls[i].iter().for_each(|call| body.extend([CALL, *call as u8]));
        (0..i + 2).for_each(|_| body.extend([0x41, 3, 0x1a]));
        body.push(END);
        body
    };
    let mut file = File::new();
    file.section(1, &[1, FUNCTION_TYPE, 0, 0]);
    file.section(2, &[1, 1, b'm', 1, b'i', FUNCTION, 0]);
    file.section(3, &[4, 0, 0, 0, 0]);
    file.section(4, &[1, 0x70, 0, 3]);
    file.section(7, &[1, 1, b'e', FUNCTION, 1]);
    file.section(9, &[1, 0, 0x41, 1, END, 2, 3, 4]);
    file.section(10, &code(&(0..4).map(body).collect::<Vec<_>>()));
    file.section(0, &[4, b'n', b'o', b't', b'e']);
    let same = parted(&file.bytes, "", &[]).expect("a wasm").first;
    let (before, after) = (Module::read(&file.bytes).expect("a wasm"), Module::read(&same).expect("a wasm"));
    assert_ne!(before.bodies, after.bodies, "another order");
    assert_eq!(meaning(&file.bytes, &names), meaning(&same, &names));
    let constants = |module: &Module, function: usize| module.body(function).iter().filter(|b| **b == 0x41).count();
    let of = |module: &Module| {
        let places: Vec<(usize, usize)> = module.places.iter().map(|(at, f)| (*at, constants(module, *f))).collect();
        (constants(module, module.exports[0].2), places)
    };
    assert_eq!(of(&before), of(&after), "what is exported, and what stands in the table");
    assert!(!same.windows(4).any(|word| word == b"note"), "what only tools read is left out");
}

#[test]
fn script_and_wasm_know_each_other_by_short_names() {
    let import = |out: &mut Vec<u8>, name: &&str| {
        text(out, "wbg");
        text(out, name);
        out.extend([FUNCTION, 0]);
    };
    let export = |out: &mut Vec<u8>, name: &&str| {
        text(out, name);
        out.extend([FUNCTION, 2]);
    };
    let mut file = File::new();
    file.section(1, &[1, FUNCTION_TYPE, 0, 0]);
    file.section(2, &vector(&["__wbg_now_0a1b", "__wbg_now_0a1b_more"], import));
    file.section(3, &[1, 0]);
    file.section(4, &[1, 0x70, 0, 1]);
    file.section(7, &vector(&["main", "__wbindgen_free"], export));
    file.section(10, &code(&[vec![0, CALL, 1, END]]));
    let script =
        "{ __wbg_now_0a1b: f, __wbg_now_0a1b_more: g }; wasm.__wbindgen_free(my__wbindgen_free, 'main'); wasm.main()";
    let parts = parted(&file.bytes, script, &[]).expect("a wasm");
    assert_eq!(parts.script, "{ $0: f, $1: g }; wasm.$2(my__wbindgen_free, 'main'); wasm.main()");
    let page = Module::read(&parts.first).expect("a wasm");
    assert_eq!(page.exports, [("main", FUNCTION, 2), ("$2", FUNCTION, 2)]);
    let mut names = Vec::new();
    ["$0", "$1"].iter().for_each(|name| import(&mut names, name));
    assert_eq!(page.imports.concat(), names);
}

#[test]
fn functions_that_are_alike_lie_together() {
    let like = |seed: u8| (0..60).map(|i| seed.wrapping_mul(i) ^ i).collect::<Vec<u8>>();
    let bodies: Vec<Vec<u8>> = [3, 5, 3, 5, 3, 5]
        .map(like)
        .into_iter()
        .zip(0..)
        .map(|(mut body, i)| {
            body.push(i);
            body
        })
        .collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let order = order::alike(&bodies);
    let kinds: Vec<usize> = order.iter().map(|body| body % 2).collect();
    assert!(kinds == [0, 0, 0, 1, 1, 1] || kinds == [1, 1, 1, 0, 0, 0], "{order:?}");
    assert_eq!(order::alike(&[]), [0; 0]);
}

#[test]
fn what_is_not_a_wasm_is_refused() {
    assert!(parted(b"", "", REST).is_err());
    let whole = wasm(&[("faultline::start", &[])]);
    for end in 0..whole.len() {
        let _ = parted(&whole[..end], "", REST);
    }
}

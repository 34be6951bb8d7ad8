//! The stage over made-up runs, in sizes from a phone to a desk.

use super::display::{Form, Ink, Layer};
use super::layout::{Camera, Insets, Layout, Point, Rect};
use super::stage::{Scene, Target, draw, drawn_links};
use super::{hit, minimap, words};
use crate::base::{Micros, MsgId, NodeId, TimerId};
use crate::wire::*;

/// A service of `peers` replicas and `clients` clients.
pub fn opened(peers: usize, clients: usize) -> Opened {
    let node = |i: usize| NodeInfo {
        name: if i < peers { format!("n{}", i + 1) } else { format!("client {}", i + 1 - peers) },
        role: if i < peers { "replica" } else { "client" }.into(),
        tone: if i < peers { Tone::Server } else { Tone::Client },
        client: i >= peers,
        groups: Vec::new(),
        place: None,
    };
    let kinds = [("ask", Tone::Query), ("write", Tone::Update), ("done", Tone::Reply), ("beat", Tone::Routine)];
    Opened {
        title: "test".into(),
        protocol: "test".into(),
        seed: 1,
        nodes: (0..peers + clients).map(node).collect(),
        kinds: kinds.map(|(name, tone)| KindInfo { name: name.into(), tone }).to_vec(),
        properties: Vec::new(),
        timers: vec!["retry".into()],
        functions: Vec::new(),
        parameters: Vec::new(),
        pace_us_per_s: 10_000,
        arrangement: Arrangement::Ring,
        network: LinkChange { latency: Some(Distribution::Constant(Micros::ms(12))), ..LinkChange::default() },
        disk: Distribution::Constant(Micros(500)),
        wires: None,
    }
}

/// A frame with so many messages, some lost, some doubled; everything that a node can show occurs.
pub fn frame(opened: &Opened, flights: usize) -> Frame {
    let n = opened.nodes.len();
    let card = |i: usize| NodeCard {
        status: [NodeStatus::Up, NodeStatus::Up, NodeStatus::Down, NodeStatus::Paused, NodeStatus::Up][i % 5],
        slow: i % 4 == 1,
        syncing: i.is_multiple_of(5),
        disk: String::new(),
        inbox: (i % 3) as u32,
        clock_off_us: if i % 6 == 4 { 120_000 } else { 0 },
        role: opened.nodes[i].role.clone(),
        tone: opened.nodes[i].tone,
        epoch: (i % 4) as u64,
        headline: format!("{i} keys"),
        cells: (0..i % 5)
            .map(|k| Cell { text: format!("k{k}={i}"), firm: k % 2 == 0, epoch: (k % 3) as u64 })
            .collect(),
        votes: Vec::new(),
        knows: Vec::new(),
        probes: Vec::new(),
    };
    let flight = |k: usize| {
        let (from, to) = (k * 7 % n, (k * 7 + 1 + k % (n - 1)) % n);
        let sent = Micros(100_000 + (k as u64 * 379) % 9_000);
        Flight {
            id: MsgId {
                from: NodeId(from as u16),
                to: NodeId(to as u16),
                count: k as u32 + 1,
                copy: (k % 9 == 8) as u8,
            },
            kind: (k % 4) as u8,
            sent,
            due: if k % 23 == 22 { Micros::MAX } else { sent.plus(Micros(12_000)) },
            epoch: (k % 4) as u64,
            label: format!("x={k}").into(),
            lost: (k % 5 == 3).then(|| Loss { at: sent.plus(Micros(4_000)), rule: "cut 1".into() }),
            row: k as u64,
            size: 20,
        }
    };
    let timer = |i: usize| TimerCard {
        id: TimerId { node: NodeId(i as u16), count: 1 },
        kind: 0,
        set: Micros(90_000),
        due: Micros(130_000),
        label: "retry".into(),
    };
    Frame {
        now: Micros(106_000),
        head: Micros(120_000),
        step: 10,
        head_step: 20,
        row: 40,
        head_rows: 80,
        sentence: "n1 received ask from n2".into(),
        stands_out: String::new(),
        nodes: (0..n).map(card).collect(),
        flights: (0..flights).map(flight).collect(),
        timers: (0..n).map(timer).collect(),
        links: vec![LinkCard { from: 0, to: 1, cut: Some("cut 1".into()), clogged: false, shape: String::new() }],
        status: None,
        halted: None,
        held: false,
        changes: None,
    }
}

fn scene<'a>(opened: &'a Opened, frame: &'a Frame, layout: &'a Layout, at: u64) -> Scene<'a> {
    Scene {
        opened,
        frame,
        layout,
        whole: layout,
        at: Micros(at),
        selected: Some(Target::Node(0)),
        hover: None,
        focus: None,
        paused: true,
        labels: true,
        reduced: false,
        drag: None,
    }
}

const SIZES: [(f32, f32, Insets); 5] = [
    (980.0, 460.0, Insets { left: 160.0, top: 0.0, right: 210.0, bottom: 0.0 }),
    (800.0, 400.0, Insets { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 }),
    (390.0, 300.0, Insets { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 }),
    (390.0, 420.0, Insets { left: 0.0, top: 40.0, right: 0.0, bottom: 0.0 }),
    (1800.0, 900.0, Insets { left: 160.0, top: 0.0, right: 210.0, bottom: 0.0 }),
];

#[test]
fn labels_overlap_nothing() {
    for (peers, clients) in [(1, 2), (2, 0), (3, 1), (5, 2), (5, 3), (9, 4), (40, 3)] {
        let opened = opened(peers, clients);
        for (width, height, insets) in SIZES {
            let layout = Layout::new(&opened, width, height, insets);
            for (flights, at) in [(4, 103_000), (12, 104_500), (30, 108_000), (60, 106_000)] {
                let frame = frame(&opened, flights);
                let mut scene = scene(&opened, &frame, &layout, at);
                for reduced in [false, true] {
                    scene.reduced = reduced;
                    check_labels(&scene, &format!("{peers}+{clients} at {width}x{height}, {flights} flights"));
                }
            }
        }
    }
}

fn check_labels(scene: &Scene, what: &str) {
    let stage = draw(scene);
    for (i, label) in stage.labels.iter().enumerate() {
        assert!(label.area.within(&scene.layout.area), "{what}: {} leaves the stage", label.text);
        for other in &stage.labels[i + 1..] {
            assert!(!label.area.overlaps(&other.area), "{what}: {} and {} overlap", label.text, other.text);
        }
        for (node, place) in scene.layout.places.iter().enumerate() {
            let circle = Rect::around(*place, 2.0 * scene.layout.r, 2.0 * scene.layout.r);
            assert!(!label.area.overlaps(&circle), "{what}: {} lies on node {node}", label.text);
        }
    }
}

#[test]
fn nodes_stand_apart_and_inside() {
    for (peers, clients) in [(1, 1), (1, 3), (3, 1), (5, 1), (5, 3), (7, 3), (9, 4), (64, 0), (64, 5)] {
        let opened = opened(peers, clients);
        for (width, height, insets) in SIZES {
            let layout = Layout::new(&opened, width, height, insets);
            let what = format!("{peers}+{clients} at {width}x{height}: r {}", layout.r);
            for (i, a) in layout.places.iter().enumerate() {
                assert!(Rect::around(*a, 2.0 * layout.r, 2.0 * layout.r).within(&layout.area), "{what}: {i} at {a:?}");
                for (j, b) in layout.places.iter().enumerate().skip(i + 1) {
                    assert!(a.distance(*b) >= 2.0 * layout.r + 2.0, "{what}: {i} {a:?} and {j} {b:?}");
                }
            }
        }
    }
}

#[test]
fn texts_under_nodes_do_not_overlap_nodes() {
    for (peers, clients) in [(1, 1), (1, 3), (3, 1), (5, 1), (5, 2), (5, 3), (7, 3)] {
        let opened = opened(peers, clients);
        for (width, height, insets) in SIZES {
            let layout = Layout::new(&opened, width, height, insets);
            if !layout.roles {
                continue;
            }
            for i in 0..layout.places.len() {
                let under = layout.boxes(i, "replica", 0)[1];
                for (j, b) in layout.places.iter().enumerate().filter(|(j, _)| *j != i) {
                    let circle = Rect::around(*b, 2.0 * layout.r, 2.0 * layout.r);
                    let what = format!("{peers}+{clients} at {width}x{height}");
                    assert!(!under.overlaps(&circle), "{what}: the texts of {i} lie on {j}");
                }
            }
        }
    }
}

/// Thirty machines in three zones and two racks each, a few clients.
fn zones() -> Opened {
    let mut opened = opened(30, 4);
    for (i, node) in opened.nodes.iter_mut().enumerate().take(30) {
        node.groups = vec![format!("zone={}", ["a", "b", "c"][i % 3]), format!("rack={}", i % 2)];
    }
    opened
}

#[test]
fn every_arrangement_keeps_nodes_apart_and_in_their_boxes() {
    for (mut opened, arrangement) in [
        (zones(), Arrangement::Groups),
        (zones(), Arrangement::Layers),
        (opened(5, 2), Arrangement::Groups),
        (opened(5, 2), Arrangement::Layers),
        (opened(290, 10), Arrangement::Ring),
        (opened(290, 10), Arrangement::Layers),
    ] {
        opened.arrangement = arrangement;
        for (width, height, insets) in SIZES {
            let layout = Layout::new(&opened, width, height, insets);
            let what = format!("{} nodes, {arrangement:?}, at {width}x{height}: r {}", opened.nodes.len(), layout.r);
            for (i, a) in layout.places.iter().enumerate() {
                let circle = Rect::around(*a, 2.0 * layout.r, 2.0 * layout.r);
                assert!(circle.within(&layout.area), "{what}: {i} at {a:?}");
                let apart = layout.places.iter().skip(i + 1).all(|b| a.distance(*b) >= 2.0 * layout.r);
                assert!(apart || layout.r <= 4.0, "{what}: {i} {a:?}");
                let own = opened.nodes[i].groups.join(" · ").replace('=', " ");
                let inside = layout.boxes.iter().filter(|b| circle.within(&b.area)).map(|b| &b.name);
                if arrangement != Arrangement::Ring {
                    let name = if arrangement == Arrangement::Layers || own.is_empty() {
                        opened.nodes[i].role.clone()
                    } else {
                        own
                    };
                    assert_eq!(inside.collect::<Vec<_>>(), [&name], "{what}: {i}");
                }
            }
            for (i, a) in layout.boxes.iter().enumerate() {
                assert!(layout.boxes[i + 1..].iter().all(|b| !a.area.overlaps(&b.area)), "{what}: {}", a.name);
            }
        }
    }
}

#[test]
fn looking_closer_makes_room_for_texts() {
    let opened = opened(290, 10);
    let whole = Layout::new(&opened, 980.0, 460.0, SIZES[0].2);
    assert!(!whole.roles && !whole.headlines);
    let middle = whole.places[140];
    let camera =
        Camera { zoom: 8.0, x: (middle.x - whole.area.x) / whole.area.w, y: (middle.y - whole.area.y) / whole.area.h };
    let close = whole.seen(&opened, camera.within());
    assert!(close.roles && close.headlines && close.r > 24.0, "r {}", close.r);
    assert!(close.area.holds(close.places[140]), "{:?}", close.places[140]);
    for (i, a) in close.places.iter().enumerate() {
        assert!(close.places[i + 1..].iter().all(|b| a.distance(*b) >= 2.0 * close.r + 3.0), "{i}");
    }
    // A place goes back to where it came from.
    let back = whole.place_at(close.places[140], camera.within());
    assert!(back.0 > 0 && back.0 < 1000);
    let mut placed = opened.clone();
    placed.nodes[140].place = Some(back);
    let again = Layout::new(&placed, 980.0, 460.0, SIZES[0].2);
    assert!(again.places[140].distance(middle) < 3.0, "{:?} and {middle:?}", again.places[140]);
    // Only what can be seen is drawn, and the small map shows where that is.
    let frame = frame(&opened, 30);
    let all = draw(&scene(&opened, &frame, &whole, 106_000));
    let some = draw(&Scene { whole: &whole, ..scene(&opened, &frame, &close, 106_000) });
    assert!(some.taken.len() < all.taken.len() / 2 && !some.taken.is_empty());
    let map = minimap::area(&close).expect("one looks at a part");
    assert!(minimap::area(&whole).is_none());
    let there = minimap::look(&close, Point { x: map.x + map.w * 0.3, y: map.y + map.h * 0.6 }).expect("on the map");
    assert!((there.x - 0.3).abs() < 0.01 && (there.y - 0.6).abs() < 0.01, "{there:?}");
}

/// Logs as long as a protocol shows them: every row has room, and its last cell is there.
#[test]
fn long_rows_of_cells_overlap_nothing() {
    const LONG: &str = "k=<img src=x onerror=1> and whatever else one writes into a value to see what comes of it";
    let log =
        |text: &str| (0..8).map(|k| Cell { text: format!("{text}{k}"), firm: k < 6, epoch: 0 }).collect::<Vec<_>>();
    for ((peers, clients), text) in
        [(3, 1), (5, 1), (5, 2), (7, 3)].into_iter().flat_map(|ring| ["5:x=380", "k=1", LONG].map(|text| (ring, text)))
    {
        let opened = opened(peers, clients);
        for (width, height, insets) in SIZES {
            let layout = Layout::new(&opened, width, height, insets);
            let mut frame = frame(&opened, 0);
            frame.nodes.iter_mut().take(peers).for_each(|card| card.cells = log(text));
            let what = format!("{peers}+{clients} at {width}x{height}, {text}");
            let stage = draw(&scene(&opened, &frame, &layout, 106_000));
            let cell = |t: &&super::display::Text| t.text == "…" || t.text.starts_with(&text[..1]) || t.text == "5";
            let rows: Vec<Rect> = (stage.display.texts.iter())
                .filter(|t| !t.bold && cell(t) && t.text != "5 keys")
                .map(|t| {
                    let size = f32::from(t.size) / 10.0;
                    let w = words::width(&t.text, size, false) + 6.0;
                    Rect { x: t.x - w / 2.0, y: t.y - size, w, h: size + 4.0 }
                })
                .collect();
            assert!(!layout.cells || rows.len() >= peers, "{what}: {} cells", rows.len());
            for (i, row) in rows.iter().enumerate() {
                assert!(row.within(&layout.area), "{what}: {row:?} leaves the stage");
                assert!(!rows[i + 1..].iter().any(|other| row.overlaps(other)), "{what}: {row:?} lies on another");
                for place in &layout.places {
                    let circle = Rect::around(*place, 2.0 * layout.r, 2.0 * layout.r);
                    assert!(!row.overlaps(&circle), "{what}: {row:?} lies on a node at {place:?}");
                }
            }
        }
    }
}

/// One vote granted, one refused, one on its way, one lost.
#[test]
fn votes_are_dots_inside_their_candidate() {
    let opened = opened(5, 0);
    let mut frame = frame(&opened, 2);
    let vote = |by: usize, granted| Vote { by: by as u16, granted };
    frame.nodes[0].votes = vec![vote(0, Some(true)), vote(1, Some(false)), vote(2, None), vote(3, None)];
    for (flight, to) in frame.flights.iter_mut().zip([2, 3]) {
        (flight.id.from, flight.id.to, flight.epoch) = (NodeId(0), NodeId(to), 3);
        flight.lost = (to == 3).then(|| Loss { at: Micros(105_000), rule: "cut 1".into() });
    }
    let layout = Layout::new(&opened, 800.0, 400.0, Insets::default());
    let stage = draw(&scene(&opened, &frame, &layout, 106_000));
    let name = stage.display.texts.iter().find(|t| t.text == "n1").expect("a name");
    let (place, top) = (layout.places[0], name.y - f32::from(name.size) / 10.0);
    let mut inside = (0, 0);
    for shape in &stage.display.shapes {
        let (x, y, r) = match shape.form {
            Form::Circle { x, y, r } => (x, y, r),
            Form::Line { x1, y1, x2, y2 } => ((x1 + x2) / 2.0, (y1 + y2) / 2.0, (x2 - x1).abs() / 2.0),
            _ => continue,
        };
        if shape.style.layer == Layer::Marks && place.distance(Point { x, y }) + r < layout.r {
            assert!(y + r <= top, "a vote lies on the name");
            let dots = matches!(shape.form, Form::Circle { .. });
            inside = if dots { (inside.0 + 1, inside.1) } else { (inside.0, inside.1 + 1) };
        }
    }
    assert_eq!(inside, (4, 2), "a dot, two rings, one of them with a core, and a cross");
    let words = words::node(&opened, &frame.nodes[0], 0);
    assert!(words.contains("vote of n1, no vote of n2, no word from n3, no word from n4"), "{words}");
}

#[test]
fn what_the_selected_node_knows_stands_at_the_others() {
    let opened = opened(5, 2);
    let mut frame = frame(&opened, 12);
    frame.nodes[0].knows = (1..5).map(|peer| (peer, format!("match {peer} · next 9"))).collect();
    for (width, height, insets) in SIZES {
        let layout = Layout::new(&opened, width, height, insets);
        let mut scene = scene(&opened, &frame, &layout, 106_000);
        let known = |scene: &Scene| draw(scene).labels.iter().filter(|l| l.text.starts_with("match")).count();
        check_labels(&scene, &format!("{width}x{height}"));
        // On a phone three of four have room beside all that the messages say.
        let least = if width < 400.0 { 3 } else { 4 };
        assert!(known(&scene) >= least, "{width}x{height}: {}", known(&scene));
        scene.selected = Some(Target::Node(1));
        assert_eq!(known(&scene), 0);
    }
}

#[test]
fn shapes_of_one_style_stand_together() {
    let opened = opened(5, 2);
    let frame = frame(&opened, 200);
    let layout = Layout::new(&opened, 980.0, 460.0, Insets::default());
    let stage = draw(&scene(&opened, &frame, &layout, 108_000));
    let mut styles: Vec<_> = stage.display.shapes.iter().map(|s| s.style).collect();
    styles.dedup();
    let changes = styles.len();
    for (i, style) in styles.iter().enumerate() {
        assert!(!styles[i + 1..].contains(style), "{style:?} stands in two places");
    }
    assert!(changes < 60, "{changes} styles for one picture");
}

#[test]
fn the_pointer_finds_what_is_drawn() {
    let opened = opened(5, 2);
    let frame = frame(&opened, 10);
    let layout = Layout::new(&opened, 980.0, 460.0, Insets::default());
    let stage = draw(&scene(&opened, &frame, &layout, 106_000));
    for (i, place) in layout.places.iter().enumerate() {
        let found = hit::at(&stage, &layout, &opened, &frame, *place, 12.0);
        assert_eq!(found, Some(Target::Node(i as u16)));
    }
    for (_, spot) in &stage.spots {
        let found = hit::at(&stage, &layout, &opened, &frame, *spot, 12.0);
        assert!(matches!(found, Some(Target::Message(_) | Target::Node(_))), "{found:?}");
    }
    assert_eq!(hit::at(&stage, &layout, &opened, &frame, Point { x: 2.0, y: 2.0 }, 12.0), None);
    let (a, b) = (layout.places[0], layout.places[3]);
    let link = hit::at(&Default::default(), &layout, &opened, &frame, a.to(b, 0.5), 12.0);
    assert_eq!(link, Some(Target::Link(0, 3)));
}

#[test]
fn where_not_everybody_is_linked_only_links_are_drawn() {
    let mut opened = opened(5, 2);
    let mut frame = frame(&opened, 4);
    opened.wires = Some(vec![(0, 1), (1, 2), (0, 5)]);
    // A cut between two sides is a rule for all their pairs.
    frame.links[0].to = 4;
    assert_eq!(drawn_links(&opened, &frame), [(0, 1), (1, 2), (0, 5)]);
    opened.wires = None;
    assert_eq!(drawn_links(&opened, &frame).len(), 5 * 4 / 2 + 5 * 2);
}

#[test]
fn the_picture_says_what_happened() {
    let opened = opened(3, 1);
    let frame = frame(&opened, 4);
    let layout = Layout::new(&opened, 800.0, 400.0, Insets::default());
    let stage = draw(&scene(&opened, &frame, &layout, 107_000));
    let texts: Vec<&str> = stage.display.texts.iter().map(|t| t.text.as_str()).collect();
    for expected in ["n1", "client 1", "replica", "down", "paused", "cut one way: cut 1", "lost: cut 1"] {
        assert!(texts.contains(&expected), "{expected} is not among {texts:?}");
    }
}

/// When a node is down, all that comes to it is lost there: that is said once.
#[test]
fn what_many_messages_met_is_said_once() {
    let opened = opened(5, 0);
    let mut frame = frame(&opened, 4);
    for (flight, (from, to)) in frame.flights.iter_mut().zip([(0, 4), (1, 4), (2, 4), (0, 3)]) {
        (flight.id.from, flight.id.to) = (NodeId(from), NodeId(to));
        flight.lost = Some(Loss { at: flight.due, rule: "it is down".into() });
    }
    let layout = Layout::new(&opened, 980.0, 460.0, Insets::default());
    let mut scene = scene(&opened, &frame, &layout, 130_000);
    let said = |scene: &Scene| draw(scene).labels.iter().filter(|l| l.text == "lost: it is down").count();
    assert_eq!(said(&scene), 2, "at each of both");
    // What one looks at says it too.
    scene.selected = Some(Target::Message(frame.flights[1].id));
    assert!(draw(&scene).labels.iter().any(|label| Some(label.of) == scene.selected));
}

/// Three sites beside each other: what breaks half-way between the outer two does not lie on the one between.
#[test]
fn what_breaks_on_its_way_lies_on_no_third_node() {
    let mut opened = opened(3, 0);
    opened.arrangement = Arrangement::Groups;
    for (info, site) in opened.nodes.iter_mut().zip(["a", "b", "c"]) {
        info.groups = vec![format!("site={site}")];
    }
    let mut frame = frame(&opened, 1);
    let flight = &mut frame.flights[0];
    (flight.id.from, flight.id.to) = (NodeId(0), NodeId(2));
    let half = Micros((flight.sent.0 + flight.due.0) / 2);
    flight.lost = Some(Loss { at: half, rule: "cut 1".into() });
    let layout = Layout::new(&opened, 980.0, 460.0, Insets::default());
    let middle = layout.places[0].to(layout.places[2], 0.5);
    assert!(middle.distance(layout.places[1]) < layout.r, "the way leads past the third");
    let stage = draw(&scene(&opened, &frame, &layout, half.0));
    let (_, spot) = stage.spots[0];
    assert!(layout.places.iter().all(|place| place.distance(spot) > layout.r), "{spot:?}: {:?}", layout.places);
    // Nor does the mark of a cut between them.
    (frame.links[0].from, frame.links[0].to) = (0, 2);
    frame.flights.clear();
    let stage = draw(&scene(&opened, &frame, &layout, half.0));
    let mut marks = 0;
    for shape in stage.display.shapes.iter().filter(|shape| shape.style.stroke == Some(Ink::Bad)) {
        if let (Layer::Marks, Form::Line { x1, y1, x2, y2 }) = (shape.style.layer, &shape.form) {
            let mark = Point { x: (x1 + x2) / 2.0, y: (y1 + y2) / 2.0 };
            assert!(mark.distance(layout.places[1]) > layout.r, "{mark:?}");
            marks += 1;
        }
    }
    assert!(marks > 0, "the cut is marked");
}

#[test]
fn nodes_and_messages_in_words() {
    let opened = opened(5, 2);
    let frame = frame(&opened, 9);
    assert_eq!(
        words::node(&opened, &frame.nodes[2], 2),
        "n3, replica, down, 2 keys, k0=2, k1=2 (not yet durable), 2 waiting"
    );
    assert_eq!(
        words::flight(&opened, &frame.flights[0], Micros(106_000)),
        "ask · x=0 from n1 to n2, arrives in 6.00 ms"
    );
    assert_eq!(words::flight(&opened, &frame.flights[3], Micros(106_000)), "beat · x=3 from n1 to n5, lost: cut 1");
    assert_eq!(words::clock(Micros(1_204_001), false), "1.204 s");
    assert_eq!(words::speed(10_000.0), "1/100");
    assert_eq!(words::speed(2_500_000.0), "2.5 ×");
    assert_eq!(words::offset(-1_500), "−1.50 ms");
}

//! A run whose trace is held in blocks is, to all that looks at it, the run whose trace is held as a whole: whatever is asked,
//! in whatever order, both answer alike. And what it holds has a bound.

use faultline::base::Micros;
use faultline::check::faults::{self, Profile};
use faultline::protocols;
use faultline::session::Session;
use faultline::sim::window::{Flow, HELD};
use faultline::sim::world::Item;
use faultline::wire::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

/// Rows of a block here: runs of a few thousand rows let go of most of them.
const BLOCK: u32 = 64;

/// A run with faults of all kinds, as a file.
fn run(protocol: &str, seed: u64, rough: Micros) -> String {
    let entry = protocols::all().iter().find(|entry| (entry.describe)().name == protocol).expect("registered");
    let describe = (entry.describe)();
    let profile = Profile {
        protocol: protocol.into(),
        parameters: BTreeMap::new(),
        drawn: Vec::new(),
        servers: (describe.roles[0].name.into(), "n".into(), vec![3]),
        clients: ("client".into(), "c".into(), vec![2]),
        beside: Vec::new(),
        adversary: true,
        lying_disks: true,
        rough,
        settle: Micros::ms(1),
        bound: Micros::ms(1),
    };
    faults::scenario(&profile, &describe, seed).to_json()
}

fn opened(text: &str, block: u32) -> Session {
    let mut session = Session::new(protocols::all()).with_blocks(block);
    let source = RunSource::Text(SourceFile { name: "run.json".into(), text: text.into() });
    let replies = session.handle(Request::Open(OpenRun { source, seed: None, cursor: None }));
    assert!(matches!(&replies[..], [Reply::Opened(_), Reply::Frame(_)]), "{replies:?}");
    session
}

/// The run held in blocks, and held as a whole.
struct Both {
    blocks: Session,
    whole: Session,
}

impl Both {
    fn open(text: &str, to: Micros) -> Both {
        let mut both = Both { blocks: opened(text, BLOCK), whole: opened(text, u32::MAX >> 1) };
        while both.head() < to {
            let before = both.head();
            both.ask(Request::Show { at: to });
            assert!(both.head() > before, "the run stops at {before}");
        }
        both
    }

    fn head(&self) -> Micros {
        Micros(self.whole.timeline().expect("a run").head().now)
    }

    fn rows(&self) -> u32 {
        self.whole.timeline().expect("a run").head().rows
    }

    fn held(&self) -> usize {
        self.blocks.timeline().expect("a run").trace.rows().len()
    }

    /// The most rows that some blocks one behind the other have: a step is never in two blocks, and may have a thousand rows.
    fn most(&self) -> usize {
        let timeline = self.blocks.timeline().expect("a run");
        let mut firsts: Vec<u32> = timeline.blocks().iter().map(|block| block.first).collect();
        firsts.extend([timeline.head().rows; HELD + 3]);
        firsts.windows(HELD + 4).map(|some| some[HELD + 3] - some[0]).max().unwrap_or(0) as usize
    }

    fn ask(&mut self, request: Request) -> Reply {
        let (own, whole) = (self.blocks.handle(request.clone()), self.whole.handle(request.clone()));
        let whole = match (&own[..], whole) {
            ([Reply::Diagram(own)], whole) => whole.into_iter().map(|reply| self.as_far_as_held(own, reply)).collect(),
            (_, whole) => self.as_lately_lost(whole),
        };
        let own = self.as_lately_lost(own);
        if own != whole {
            let (own, whole) = (format!("{own:#?}"), format!("{whole:#?}"));
            let other = |(own, whole): (&str, &str)| (own != whole).then(|| format!("{own} and {whole}"));
            let others: Vec<String> = own.lines().zip(whole.lines()).filter_map(other).take(12).collect();
            panic!("{request:?} is answered otherwise: {}", others.join("; "));
        }
        assert!(self.held() <= self.most(), "{} rows are held after {request:?}", self.held());
        own.into_iter().last().expect("an answer")
    }

    /// What becomes of a message is known as far as rows are held: one block after the stretch or more.
    fn as_far_as_held(&self, own: &Diagram, reply: Reply) -> Reply {
        let Reply::Diagram(mut whole) = reply else { return reply };
        let trace = &self.whole.timeline().expect("a run").trace;
        let known = trace.get((trace.first_after(own.to) + BLOCK / 2).min(self.rows() - 1)).time();
        for (arrow, own) in whole.arrows.iter_mut().zip(&own.arrows) {
            if own.fate == Fate::Flying && arrow.end > known {
                (arrow.end, arrow.fate) = (own.end, Fate::Flying);
            }
        }
        Reply::Diagram(whole)
    }

    /// What was lost is shown as far back as rows are held: one block before the cursor or more.
    fn as_lately_lost(&self, mut replies: Vec<Reply>) -> Vec<Reply> {
        for reply in &mut replies {
            if let Reply::Frame(frame) | Reply::Glanced(_, frame) = reply {
                let trace = &self.whole.timeline().expect("a run").trace;
                let row = (frame.row as u32).saturating_sub(BLOCK).min(self.rows() - 1);
                let since = trace.get(row).time();
                frame.flights.retain(|flight| flight.lost.is_none() || flight.sent >= since);
            }
        }
        replies
    }

    /// The first row about a message from one on.
    fn message(&self, row: u32) -> u32 {
        use RowKind::*;
        let trace = &self.whole.timeline().expect("a run").trace;
        let of_message = |row: &u32| matches!(trace.get(*row).kind, Send | Deliver | Lost | Queued | Duplicate);
        (row..self.rows()).find(of_message).unwrap_or(row)
    }

    /// A stretch that a window holds: from a row to one not too long after it.
    fn stretch(&self, row: u32) -> (Micros, Micros) {
        let trace = &self.whole.timeline().expect("a run").trace;
        let last = (row + BLOCK).min(self.rows() - 1);
        (trace.get(row).time(), trace.get(last).time())
    }
}

/// Something that a learner, or the page for one, asks: a place in the run is a share of it.
fn deed() -> impl Strategy<Value = (u8, f64, f64)> {
    (0..24u8, 0.0..1.0f64, 0.0..1.0f64)
}

fn request(both: &Both, (kind, a, b): (u8, f64, f64)) -> Request {
    let at = Micros((both.head().0 as f64 * a) as u64);
    let row = (f64::from(both.rows() - 1) * a) as u32;
    let node = |share: f64| (share * 3.0) as u16;
    let name = |share: f64| NodeRef { node: format!("n{}", node(share) + 1) };
    let (from, to) = both.stretch(row);
    let charts = ChartsAsk { from, to: to.plus(Micros(1)), parts: 1 + (b * 40.0) as u32 };
    let text = |text: &str| RowFilter { text: text.into(), ..RowFilter::default() };
    match kind {
        0..=3 => Request::Show { at },
        4 => Request::Move(Move::Forward),
        5 => Request::Move(Move::Back),
        6 => Request::Move(Move::ToRow(row.into())),
        7 => Request::Move(if b < 0.5 { Move::NextInteresting } else { Move::PreviousInteresting }),
        8 => Request::Move(Move::Until { filter: text(if a < 0.5 { "lost" } else { "crashed" }), backwards: b < 0.5 }),
        9 => Request::Move(Move::Head),
        10 => Request::Rows { first: row.into(), count: BLOCK / 2, filter: RowFilter::default() },
        11 => Request::Payload { row: both.message(row).into() },
        12 => Request::Trace { first: u64::from(both.rows()) },
        13 | 14 => Request::Diagram(DiagramAsk {
            from,
            to,
            room: 10_000,
            filter: RowFilter::default(),
            focus: None,
            anchor: None,
        }),
        15 | 16 => Request::Charts { of: charts, watch: vec!["t".into()] },
        17 => Request::Inspect { node: node(b), of: charts, watch: Vec::new() },
        18 => Request::Do(Command::Crash(name(b))),
        19 => Request::Do(Command::Restart(name(b))),
        20 => Request::Do(if b < 0.5 { Command::Pause(name(a)) } else { Command::Resume(name(a)) }),
        21 => Request::Undo,
        22 => Request::Branch((b * 4.0) as u32),
        _ => Request::Glance { branch: (b * 4.0) as u32 },
    }
}

fn deeds() -> impl Strategy<Value = (&'static str, u64, Vec<(u8, f64, f64)>)> {
    let protocols = vec!["raft", "quorum-store", "majority-register", "swim", "primary-backup"];
    (prop::sample::select(protocols), 0..1_000u64, prop::collection::vec(deed(), 50))
}

/// Frames, rows, diagrams, charts, searches, forks and branches are the same.
fn both_answer_alike((protocol, seed, deeds): (&str, u64, Vec<(u8, f64, f64)>)) {
    let mut both = Both::open(&run(protocol, seed, Micros::ms(1_000)), Micros::ms(2_000));
    for deed in deeds {
        let request = request(&both, deed);
        both.ask(request);
    }
}

proptest! {
    // The same ten each time; others below.
    #![proptest_config(ProptestConfig { cases: 10, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn what_is_asked_of_a_run_in_blocks_is_answered_as_of_a_whole_one(deeds in deeds()) {
        both_answer_alike(deeds);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    #[ignore = "slow: make nightly"]
    fn what_is_asked_in_many_ways_is_answered_alike(deeds in deeds()) {
        both_answer_alike(deeds);
    }
}

/// Over a stretch that is not held nothing is missing: it is known how much there was in each block.
#[test]
fn what_is_not_held_is_counted() {
    let mut both = Both::open(&run("quorum-store", 7, Micros::ms(3_000)), Micros::ms(6_000));
    assert!(both.rows() > 20 * BLOCK, "{} rows", both.rows());
    let to = both.head().plus(Micros(1));
    let ask = DiagramAsk { from: Micros::ZERO, to, room: 1, filter: RowFilter::default(), focus: None, anchor: None };
    let count = |session: &mut Session| {
        let replies = session.handle(Request::Diagram(ask.clone()));
        let [Reply::Diagram(diagram)] = &replies[..] else { panic!("{replies:?}") };
        let mut nodes = vec![(0, 0); 5];
        for dense in &diagram.dense {
            let node = &mut nodes[usize::from(dense.node)];
            *node = (node.0 + dense.events, node.1 + dense.lost);
        }
        nodes
    };
    let whole = count(&mut both.whole);
    assert!(whole.iter().all(|(events, _)| *events > 0) && whole.iter().any(|(_, lost)| *lost > 0), "{whole:?}");
    assert_eq!(count(&mut both.blocks), whole);
    // Values over time: what was sent and handled in all, the most that were on their way, and operations to the last.
    let of = ChartsAsk { from: Micros::ZERO, to, parts: 30 };
    let charts = |session: &mut Session| {
        let replies = session.handle(Request::Charts { of, watch: Vec::new() });
        let [Reply::Charts(charts)] = &replies[..] else { panic!("{replies:?}") };
        charts.charts.clone()
    };
    let (own, whole) = (charts(&mut both.blocks), charts(&mut both.whole));
    assert_eq!(own.len(), whole.len());
    for (own, whole) in own.iter().zip(&whole) {
        let names = |chart: &Chart| chart.series.iter().map(|line| line.name.clone()).collect::<Vec<_>>();
        assert_eq!((&own.title, names(own)), (&whole.title, names(whole)));
        for (own_line, whole_line) in own.series.iter().zip(&whole.series) {
            let sum = |line: &Series| line.values.iter().flatten().sum::<f64>();
            let most = |line: &Series| line.values.iter().flatten().copied().fold(0.0, f64::max);
            match own.title.as_str() {
                "Messages sent, and lost" | "Messages handled, by node" => {
                    let (own, whole) = (sum(own_line), sum(whole_line));
                    assert!((own - whole).abs() < 1e-6 * whole, "{}: {own} and {whole}", own_line.name);
                }
                "In flight, at most" => assert_eq!(most(own_line), most(whole_line)),
                _ => assert_eq!(own_line, whole_line),
            }
        }
    }
    // Rows that a filter lets through are those of the stretch that is held, which is told.
    let ask = Request::Rows { first: 0, count: 1, filter: RowFilter { text: "sent".into(), ..RowFilter::default() } };
    let page = |session: &mut Session| {
        let replies = session.handle(ask.clone());
        let [Reply::Rows(page)] = &replies[..] else { panic!("{replies:?}") };
        (page.since, page.total)
    };
    let (own, whole) = (page(&mut both.blocks), page(&mut both.whole));
    assert_eq!(whole.0, Micros::ZERO);
    assert!(own.0 > Micros::ZERO && own.1 > 0 && own.1 < whole.1, "{own:?} of {whole:?}");
}

/// Each message on its way has set out in a row, and has not come to its end in one: at each step of rough runs.
#[test]
fn what_sets_out_is_on_its_way_until_its_end() {
    for protocol in ["raft", "quorum-store", "majority-register", "swim", "primary-backup"] {
        let mut session = opened(&run(protocol, 5, Micros::ms(1_500)), u32::MAX >> 1);
        let (mut rows, mut flow) = (0, Flow::default());
        for _ in 0..4_000 {
            session.handle(Request::Move(Move::Forward));
            let timeline = session.timeline().expect("a run");
            let (world, trace) = (timeline.head(), &timeline.trace);
            let new = trace.between(rows, u32::MAX);
            new.iter().for_each(|rec| flow.follow(trace, rec));
            rows = trace.len() as u32;
            let arrives = |(_, item): &(u64, &Item)| matches!(item, Item::Arrive(_));
            let under_way = world.queue.iter().filter(arrives).count() + world.clogged.len();
            assert_eq!(flow.count as usize, under_way, "{protocol}, {}: {new:?}", world.now);
        }
        assert!(rows > 4_000, "{protocol}: {rows} rows");
    }
}

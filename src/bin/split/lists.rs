//! What is loaded later: modules, functions and methods by their paths, libraries that only they use.

/// A part of a wasm besides the first.
#[derive(Clone, Copy)]
pub struct Part {
    pub name: &'static str,
    pub of: &'static [&'static str],
    /// Parts that are always there when it is. What it has in common with them stays theirs; what with others comes to the last
    /// of them.
    pub after: &'static [&'static str],
}

/// The numbers of the parts that one comes after; parts are numbered from 1, after the first.
pub fn before(parts: &[Part], part: usize) -> Vec<usize> {
    let after = part.checked_sub(1).map_or(&[][..], |i| parts[i].after);
    after.iter().filter_map(|name| parts.iter().position(|part| part.name == *name)).map(|i| i + 1).collect()
}

/// The page's parts, in their order in `ui::rest`: each needs those before it.
pub const PAGE: &[Part] = &[part("rest", REST), Part { after: &["rest"], ..part("board", BOARD) }];

/// The engine's: each protocol by itself, and of the engine what home's cluster does not need.
pub const ENGINE: &[Part] = &[
    part("raft", &["faultline::protocols::raft"]),
    part("kv-single", &["faultline::protocols::kv_single"]),
    part("majority-register", &["faultline::protocols::majority_register"]),
    part("shared-counter", &["faultline::protocols::shared_counter"]),
    part("quorum-store", &["faultline::protocols::quorum_store"]),
    part("causal-store", &["faultline::protocols::causal_store"]),
    part("primary-backup", &["faultline::protocols::primary_backup"]),
    part("swim", &["faultline::protocols::swim"]),
    part("detector", &["faultline::protocols::detector"]),
    part("payments", &["faultline::protocols::payments"]),
    part("two-generals", &["faultline::protocols::two_generals"]),
    part("chain-replication", &["faultline::protocols::chain"]),
    part("logical-clocks", &["faultline::protocols::logical_clocks"]),
    part("causal-broadcast", &["faultline::protocols::causal_broadcast"]),
    part("crdt", &["faultline::protocols::crdt"]),
    part("rolling-upgrade", &["faultline::protocols::rolling_upgrade"]),
    part("link-state", &["faultline::protocols::link_state"]),
    part("edge-cache", &["faultline::protocols::edge_cache"]),
    part("later", LATER),
    Part { after: &["later"], ..part("export", EXPORT) },
];

pub const fn part(name: &'static str, of: &'static [&'static str]) -> Part {
    Part { name, of, after: &[] }
}

/// Of the page, what home does not need: ours, and libraries that only that uses.
const REST: &[&str] = &[
    "chrono",
    "faultline::ui::bench::Bench",
    "faultline::ui::bench::behind",
    "faultline::ui::bench::charts",
    "faultline::ui::bench::clip",
    "faultline::ui::bench::commands",
    "faultline::ui::bench::diagram",
    "faultline::ui::bench::dialog",
    "faultline::ui::bench::history",
    "faultline::ui::bench::hunt",
    "faultline::ui::bench::inbox",
    "faultline::ui::bench::inspector",
    "faultline::ui::bench::jobs",
    "faultline::ui::bench::lattice",
    "faultline::ui::bench::log",
    "faultline::ui::bench::look::look",
    "faultline::ui::bench::menu",
    "faultline::ui::bench::panels",
    "faultline::ui::bench::present",
    "faultline::ui::bench::properties",
    "faultline::ui::bench::sweep",
    "faultline::ui::bench::tabs",
    "faultline::ui::bench::transport",
    "faultline::ui::bench::use_keys_of_nobody",
    "faultline::ui::bench::verdict",
    "faultline::ui::books",
    "faultline::ui::guide",
    "faultline::ui::judge",
    "faultline::ui::keys::inside",
    "faultline::ui::pages::about",
    "faultline::ui::pages::cap",
    "faultline::ui::pages::class",
    "faultline::ui::pages::compare",
    "faultline::ui::pages::glossary",
    "faultline::ui::pages::lesson",
    "faultline::ui::pages::review",
    "faultline::ui::pages::run",
    "faultline::ui::pages::sandbox",
    "faultline::ui::pages::search",
    "faultline::ui::pages::style",
    "faultline::ui::palette::inside",
    "faultline::ui::sandbox",
    "faultline::view::cap",
    "faultline::view::compare",
    "faultline::view::concepts",
    "faultline::view::jobs",
    "faultline::view::sandbox",
    "faultline::view::search",
    "faultline::view::spacetime",
    "rs_fsrs",
];

/// Of the page, what only designs need.
const BOARD: &[&str] = &["faultline::ui::board", "faultline::ui::pages::design", "faultline::view::board"];

/// Of an engine, what only those need who take a run elsewhere or have it judged.
const EXPORT: &[&str] = &["faultline::check", "faultline::export::named", "faultline::export::write"];

/// Of an engine: what home's cluster, which is played and poked, does not need. A method is named by its type or trait.
const LATER: &[&str] = &[
    "core::fmt::Debug>::fmt",
    "faultline::base::decode::Reader>::any_number",
    "faultline::base::json::Json>::write",
    "faultline::base::json::Reader>::hex",
    "faultline::base::json::Reader>::wrong",
    "faultline::base::plain",
    "faultline::lesson::condition",
    "faultline::lesson::goal::Aim",
    "faultline::lesson::goal::Goal>::evidence",
    "faultline::lesson::goal::Goal>::pass",
    "faultline::lesson::goal::GoalRun>::new",
    "faultline::lesson::measure",
    "faultline::lesson::pack",
    "faultline::lesson::quote",
    "faultline::lesson::runner",
    "faultline::lesson::step::StepView>::message",
    "faultline::lesson::step::StepView>::name",
    "faultline::lesson::step::StepView>::probe",
    "faultline::protocols::raft::Raft>::append_config",
    "faultline::protocols::raft::Raft>::begin_change",
    "faultline::protocols::raft::Raft>::drop_change",
    "faultline::protocols::raft::client::names",
    "faultline::session::Run>::adopt",
    "faultline::session::Run>::answer",
    "faultline::session::Run>::arrows",
    "faultline::session::Run>::charts",
    "faultline::session::Run>::dense",
    "faultline::session::Run>::diagram",
    "faultline::session::Run>::matches",
    "faultline::session::Run>::page",
    "faultline::session::Run>::search_back",
    "faultline::session::Run>::search_on",
    "faultline::session::Run>::watched",
    "faultline::session::Session>::goals",
    "faultline::session::Session>::load",
    "faultline::session::Session>::measure",
    "faultline::session::Session>::of_lesson",
    "faultline::session::Session>::of_sheet",
    "faultline::session::Session>::predict",
    "faultline::session::Session>::press",
    "faultline::session::Session>::write",
    "faultline::session::charts",
    "faultline::session::diagram",
    "faultline::session::inspect",
    "faultline::session::watch",
    "faultline::sim::cell::Machine>::message_tree",
    "faultline::sim::cell::Machine>::why_no_progress",
    "faultline::sim::cell::Memo>::decode_long",
    "faultline::sim::cell::Monitor>::encode",
    "faultline::sim::cell::NodeBox>::fingerprint",
    "faultline::sim::cell::NodeBox>::trees",
    "faultline::sim::cell::NodeBox>::write",
    "faultline::sim::cell::NodeBox>::write_syncing",
    "faultline::sim::form::MESSAGE",
    "faultline::sim::net::Network>::latency_of_copy",
    "faultline::sim::net::Pairs>::resolve",
    "faultline::sim::net::Shape>::change",
    "faultline::sim::net::unknown_node",
    "faultline::sim::node::LocalClock>::read_off",
    "faultline::sim::scenario::Blueprint>::with_seed",
    "faultline::sim::scenario::find_line",
    "faultline::sim::timeline::Timeline>::begin_branch",
    "faultline::sim::timeline::Timeline>::enter",
    "faultline::sim::timeline::Timeline>::go_to_branch",
    "faultline::sim::timeline::Timeline>::made_again",
    "faultline::sim::timeline::Timeline>::press",
    "faultline::sim::timeline::Timeline>::put_away",
    "faultline::sim::timeline::Timeline>::restart_from",
    "faultline::sim::timeline::Timeline>::switch",
    "faultline::sim::timeline::Timeline>::undo",
    "faultline::sim::timeline::Timeline>::without",
    "faultline::sim::trace::Trace>::cone",
    "faultline::sim::window::Flow>::follow",
    "faultline::sim::world::World>::carry_rare",
    "faultline::sim::world::World>::do_hold",
    "faultline::sim::world::World>::meet_adversaries",
    "faultline::sim::world::World>::take",
    "faultline::wire::lesson",
    "faultline::wire::rows::RowFilter",
    "faultline::wire::sheet",
    "libm::math::pow",
    "xxhash_rust",
];

//! Raft in named situations: what happens, sentence by sentence, the claim of the paper's section about it, and how the
//! claim fails under a planted bug. `cargo insta review`, or `INSTA_UPDATE=always cargo test --test native raft::`, rewrites the
//! transcripts.

macro_rules! golden {
    ($text:expr $(,)?) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}

mod elections;
mod lab;
mod members;
mod replication;
mod service;

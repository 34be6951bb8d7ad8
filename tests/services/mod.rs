//! Payments, generals, detectors, edge caches, rolling upgrades and routers: golden transcripts, sweeps over seeds, every order
//! of small cases, adversaries, and what is measured held to closed forms. `INSTA_UPDATE=always cargo test --test native services::`
//! rewrites the transcripts.

mod adversary;
mod detector;
mod edges;
mod explored;
mod generals;
mod lab;
mod routes;
mod sweeps;
mod transcripts;
mod upgrades;

//! The design that the load model's speed is measured on: clients, a balancer, ten servers, a cache, a store. Written in
//! Rust, for wasm reads no TOML.

use faultline::base::Micros;
use faultline::load::Design;
use faultline::load::design::*;
use faultline::wire::Distribution;

/// Requests that it has at least.
pub const REQUESTS: u64 = 980_000;

fn exponential(mean: u64) -> Distribution {
    Distribution::Exponential { min: Micros::ZERO, mean: Micros::ms(mean) }
}

pub fn design() -> Design {
    let limited = |to: &str| Call { time_out: Some(Micros::s(1)), ..Call::new(to) };
    let read = Class { name: "read".into(), keys: Some("items".into()), ..Class::default() };
    let users = Clients {
        load: Load::Open(Open { rate: 10_000.0, ..Open::default() }),
        classes: vec![read],
        region: None,
        call: Call::new("front"),
    };
    let front = Balancer { policy: Policy::TwoChoices, call: Call::new("app"), ..Balancer::default() };
    let app = Service { instances: 10, service: exponential(2), calls: vec![limited("memory")], ..Service::default() };
    let memory = Cache { capacity: 20_000, calls: vec![limited("database")], ..Cache::default() };
    let database = Store { concurrency: 64, read: exponential(4), write: exponential(4), ..Store::default() };
    Design {
        version: VERSION,
        run: Run { duration: Micros::s(100), warm_up: Micros::s(1), ..Run::default() },
        keys: [("items".to_owned(), Keys { count: 100_000, ..Keys::default() })].into(),
        clients: [("users".to_owned(), users)].into(),
        balancers: [("front".to_owned(), front)].into(),
        services: [("app".to_owned(), app)].into(),
        caches: [("memory".to_owned(), memory)].into(),
        stores: [("database".to_owned(), database)].into(),
        ..Design::default()
    }
}

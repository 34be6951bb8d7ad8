//! Layer 7, wasm32 only: the engine in a worker of its own, and the page's way to it.

use crate::base::codec;
use crate::protocols;
use crate::session::Session;
use crate::wire::{FromEngine, ToEngine};
use gloo::utils::document;
use gloo::worker::{Codec, HandlerId, Registrable, Spawnable, Worker, WorkerBridge, WorkerScope};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// The engine behind its message port: one session.
pub struct Engine {
    session: Session,
}

impl Worker for Engine {
    type Message = ();
    type Input = ToEngine;
    type Output = FromEngine;

    fn create(_: &WorkerScope<Self>) -> Self {
        Engine { session: Session::new(protocols::all()) }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, input: ToEngine, id: HandlerId) {
        for reply in self.session.answer(input) {
            scope.respond(id, reply);
        }
    }
}

/// Runs in the worker: answers the page from now on.
pub fn register() {
    Engine::registrar().encoding::<Wire>().register();
}

/// Runs in the page: starts the worker. Its name, with the build's hash, stands in the page's `<meta name="engine">`.
pub fn spawn(on_reply: impl Fn(FromEngine) + 'static) -> WorkerBridge<Engine> {
    let loader = document()
        .query_selector("meta[name=engine]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_else(|| "./engine_loader.js".into());
    Engine::spawner().callback(on_reply).with_loader(true).as_module(false).encoding::<Wire>().spawn(&loader)
}

/// The canonical encoding, as bytes in a `Uint8Array`.
pub struct Wire;

impl Codec for Wire {
    fn encode<I: Serialize>(input: I) -> JsValue {
        js_sys::Uint8Array::from(codec::to_bytes(&input).as_slice()).into()
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        let bytes = js_sys::Uint8Array::from(input).to_vec();
        codec::from_bytes(&bytes).expect("both sides are of one build")
    }
}

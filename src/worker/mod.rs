//! Layer 7, wasm32 only: the engine in a worker of its own, and the page's way to it.

use crate::base::codec;
use crate::protocols;
use crate::session::Session;
use crate::wire::{FromEngine, Reply, ToEngine, VERSION};
use gloo::utils::document;
use gloo::worker::{Codec, HandlerId, Registrable, Spawnable, Worker, WorkerBridge, WorkerScope};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
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
        asked_by(scope, id, input.generation);
        for reply in self.session.answer(input) {
            scope.respond(id, reply);
        }
    }
}

thread_local! {
    /// Who asked last, to send the last words to.
    static ASKED_BY: RefCell<Option<(WorkerScope<Engine>, HandlerId, u32)>> = const { RefCell::new(None) };
}

fn asked_by(scope: &WorkerScope<Engine>, id: HandlerId, generation: u32) {
    ASKED_BY.with(|asked| *asked.borrow_mut() = Some((scope.clone(), id, generation)));
}

/// A panic ends this worker: the page hears of it at once instead of waiting in vain.
fn last_words(info: &std::panic::PanicHookInfo) {
    let asked = ASKED_BY.with(|asked| asked.try_borrow_mut().ok().and_then(|mut asked| asked.take()));
    if let Some((scope, id, generation)) = asked {
        scope.respond(id, FromEngine { version: VERSION, generation, reply: Reply::Died(info.to_string()) });
    }
}

/// Runs in the worker: answers the page from now on.
pub fn register() {
    std::panic::set_hook(Box::new(last_words));
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

    // gloo's worker decodes in two places.
    #[inline(never)]
    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        let bytes = js_sys::Uint8Array::from(input).to_vec();
        codec::from_bytes(&bytes).expect("both sides are of one build")
    }
}

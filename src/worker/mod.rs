//! Layer 8, wasm32 only: the engine in a worker of its own, and the page's way to it.

use crate::base::codec;
use crate::session::{Session, Writer};
use crate::sim::cell::Entry;
use crate::wire::{FromEngine, Reply, Request, ToEngine, VERSION};
use gloo::utils::document;
use gloo::worker::{Codec, HandlerId, Registrable, Spawnable, Worker, WorkerBridge, WorkerScope};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
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
        let (registry, writer) = PROGRAM.with(|program| program.get().expect("registered before anybody asks"));
        Engine { session: Session::new(registry()).with_writer(writer()) }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, input: ToEngine, id: HandlerId) {
        asked_by(scope, id, input.generation);
        for reply in self.session.answer(input) {
            scope.respond(id, reply);
        }
    }
}

/// Gives the protocols that an engine's program holds.
type Registry = fn() -> &'static [Entry];
/// The protocols, and what makes something else of runs.
type Program = (Registry, fn() -> Writer);

thread_local! {
    /// What this engine's program holds.
    static PROGRAM: Cell<Option<Program>> = const { Cell::new(None) };
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
pub fn register(registry: Registry, writer: fn() -> Writer) {
    PROGRAM.with(|own| own.set(Some((registry, writer))));
    std::panic::set_hook(Box::new(last_words));
    Engine::registrar().encoding::<Wire>().register();
}

/// Answers words with words.
type Desk = Box<dyn FnMut(&str) -> Result<String, String>>;

thread_local! {
    /// What makes the desk of this program's workers.
    static DESK: Cell<Option<fn() -> Desk>> = const { Cell::new(None) };
}

/// An engine without a session: it has the messages of the others, and of requests knows `Write` alone.
pub struct Words {
    desk: Desk,
}

impl Worker for Words {
    type Message = ();
    type Input = ToEngine;
    type Output = FromEngine;

    fn create(_: &WorkerScope<Self>) -> Self {
        Words { desk: DESK.with(Cell::get).expect("registered before anybody asks")() }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, input: ToEngine, id: HandlerId) {
        let reply = match input.request {
            _ if input.version != VERSION => {
                Reply::Failed("page and engine are of different builds; reload the page".into())
            }
            Request::Write { form } => (self.desk)(&form).map_or_else(Reply::Failed, Reply::Exported),
            _ => Reply::Failed("this engine runs designs only".into()),
        };
        scope.respond(id, FromEngine { version: VERSION, generation: input.generation, reply });
    }
}

/// Runs in a worker that answers words: the design board's.
pub fn register_desk(desk: fn() -> Desk) {
    DESK.with(|own| own.set(Some(desk)));
    Words::registrar().encoding::<Wire>().register();
}

/// Runs in the page: starts an engine's worker. The file's name, with the build's hash, stands in the page's
/// `<meta name="ENGINE">`.
pub fn spawn(engine: &str, on_reply: impl Fn(FromEngine) + 'static) -> WorkerBridge<Engine> {
    let loader = document()
        .query_selector(&format!("meta[name={engine}]"))
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_else(|| format!("./{engine}_loader.js"));
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
        let Ok(value) = codec::from_bytes(&bytes) else { panic!("both sides are of one build") };
        value
    }
}

//! The form of scenario files in JSON: see [`crate::base::form`]. It mirrors [`Scenario`](super::scenario::Scenario) and
//! [`Command`](crate::wire::Command), field by field in their order; a test holds it to what is derived from them.

use crate::base::form::{Field, Form, Variant, Word, may, need, or};
use crate::base::{Micros, MsgId, TimerId, codec, decode};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Display;

const TEXT: Form = Form::Text;
const TEXTS: Form = Form::List(&TEXT);
const FLAG: Form = Form::Bool;
const FLOAT: Form = Form::Float;
const U16: Form = Form::Unsigned(u16::MAX as u64);
const U32: Form = Form::Unsigned(u32::MAX as u64);
const U64: Form = Form::Unsigned(u64::MAX);
const BYTES: Form = Form::List(&Form::Byte);

const fn word<T: DeserializeOwned + Display>(read: fn(&str, &mut Vec<u8>) -> Result<(), String>) -> Form {
    Form::Word(Word { read, write: shown::<T> })
}

fn shown<T: DeserializeOwned + Display>(rest: &mut &[u8], out: &mut String) {
    if let Some((value, left)) = decode::take::<T>(rest) {
        *rest = left;
        out.push_str(&value.to_string().replace(' ', ""));
    }
}

fn meant<T: Serialize>(value: Result<T, String>, out: &mut Vec<u8>) -> Result<(), String> {
    codec::append(&value?, out);
    Ok(())
}

const TIME: Form = word::<Micros>(|text, out| meant(Micros::parse(text), out));
const MESSAGE: Form = word::<MsgId>(|text, out| meant(text.parse::<MsgId>(), out));
const TIMER: Form = word::<TimerId>(|text, out| meant(text.parse::<TimerId>(), out));

const fn named(name: &'static str) -> Variant {
    Variant { name, form: None }
}

const fn with(name: &'static str, form: &'static Form) -> Variant {
    Variant { name, form: Some(form) }
}

static DATUM: Form = Form::Enum(&[
    named("none"),
    with("int", &Form::Signed(i64::MAX)),
    with("text", &TEXT),
    with("list", &Form::List(&DATUM)),
]);

const DISTRIBUTION: Form = Form::Enum(&[
    with("constant", &TIME),
    with("uniform", &Form::Struct(&[need("min", &TIME), need("max", &TIME)])),
    with("exponential", &Form::Struct(&[may("min", &TIME), need("mean", &TIME)])),
    with("normal", &Form::Struct(&[need("mean", &TIME), need("sd", &TIME)])),
    with("log-normal", &Form::Struct(&[need("median", &TIME), need("sigma", &FLOAT)])),
    with("pareto", &Form::Struct(&[need("min", &TIME), need("alpha", &FLOAT)])),
    with("quantiles", &Form::List(&Form::Pair(&FLOAT, &TIME))),
]);

const NODE: Form = Form::Struct(&[need("node", &TEXT)]);
const MESSAGE_REF: Form = Form::Struct(&[need("message", &MESSAGE)]);
const FROM: Field = may("from", &TEXTS);
const TO: Field = may("to", &TEXTS);
const ONE_WAY: Field = may("one_way", &FLAG);

const LINK: Form = Form::Struct(&[
    FROM,
    TO,
    ONE_WAY,
    may("latency", &Form::Option(&DISTRIBUTION)),
    may("kinds", &Form::Option(&Form::Map(&DISTRIBUTION))),
    may("bandwidth", &Form::Option(&U64)),
    may("loss", &Form::Option(&FLOAT)),
    may("duplicate", &Form::Option(&FLOAT)),
    may("reorder", &Form::Option(&FLOAT)),
    may("ordered", &Form::Option(&FLAG)),
]);

const ACT: Form = Form::Enum(&[
    named("read"),
    with("alter", &Form::Struct(&[need("at", &U32), need("bytes", &BYTES)])),
    with("replay", &Form::Struct(&[need("after", &TIME)])),
    with("inject", &Form::Struct(&[need("after", &TIME), need("bytes", &BYTES)])),
    named("stop"),
]);

const ARRIVALS: Form = Form::Enum(&[
    named("off"),
    with("open", &Form::Struct(&[need("rate", &FLOAT)])),
    with("closed", &Form::Struct(&[need("think", &DISTRIBUTION)])),
]);

const KEYS: Form = Form::Enum(&[
    with("uniform", &Form::Struct(&[need("count", &U32)])),
    with("zipf", &Form::Struct(&[need("count", &U32), need("s", &FLOAT)])),
]);

const OP: Form = Form::Struct(&[need("f", &TEXT), may("key", &TEXT), may("value", &DATUM)]);

const CLOCK: Form = Form::Struct(&[
    need("node", &TEXT),
    may("offset_us", &Form::Signed(i64::MAX)),
    may("drift_ppm", &Form::Signed(i32::MAX as i64)),
]);

const ADVERSARY: Form =
    Form::Struct(&[need("name", &TEXT), FROM, TO, may("kind", &TEXT), need("act", &ACT), may("times", &U32)]);

/// One operation on one key: what a workload without keys asks for.
const ONE_KEY: &[u8] = &[0, 1];

const WORKLOAD: Form = Form::Struct(&[
    need("client", &TEXT),
    need("arrivals", &ARRIVALS),
    need("mix", &Form::Map(&U32)),
    or("keys", &KEYS, ONE_KEY),
    may("limit", &U32),
]);

static COMMAND: Form = Form::Enum(&[
    with("crash", &NODE),
    with("restart", &NODE),
    with("pause", &NODE),
    with("resume", &NODE),
    with("slow", &Form::Struct(&[need("node", &TEXT), need("service", &DISTRIBUTION)])),
    with("clock", &CLOCK),
    with("disk", &Form::Struct(&[need("node", &TEXT), need("sync", &DISTRIBUTION), may("lies", &FLAG)])),
    with("cut", &Form::Struct(&[need("name", &TEXT), need("from", &TEXTS), TO, ONE_WAY])),
    with("heal", &Form::Struct(&[may("name", &TEXT)])),
    with("link", &LINK),
    with("clog", &Form::Struct(&[need("from", &TEXTS), TO, ONE_WAY, or("clogged", &FLAG, &[1])])),
    with("adversary", &ADVERSARY),
    with("drop", &MESSAGE_REF),
    with("duplicate", &MESSAGE_REF),
    with("delay", &Form::Struct(&[need("message", &MESSAGE), need("by", &TIME)])),
    with("deliver-now", &MESSAGE_REF),
    with("fire-timer", &Form::Struct(&[need("timer", &TIMER)])),
    with("postpone-timer", &Form::Struct(&[need("timer", &TIMER), need("by", &TIME)])),
    with("align-timers", &Form::Struct(&[need("kind", &TEXT), may("nodes", &TEXTS)])),
    with("request", &Form::Struct(&[need("client", &TEXT), need("op", &OP)])),
    with("workload", &WORKLOAD),
    with("hold", &Form::Struct(&[or("on", &FLAG, &[1])])),
]);

const NODE_LINE: Form = Form::Struct(&[
    need("name", &TEXT),
    need("role", &TEXT),
    may("count", &Form::Option(&U16)),
    may("groups", &TEXTS),
    may("place", &Form::Option(&Form::Pair(&U16, &U16))),
]);

const LAYOUT: Form = Form::Enum(&[named("ring"), named("groups"), named("layers")]);

const LOG_ENTRY: Form = Form::Struct(&[
    need("at", &TIME),
    may("after", &U32),
    may("spread", &TIME),
    need("do", &COMMAND),
    may("learner", &FLAG),
    may("press", &U32),
]);

/// `true`, `3`, `"250ms"`.
const PARAMETER: Form = Form::Either(&[Form::Bool, Form::Signed(i64::MAX), Form::Text]);

pub static SCENARIO: Form = Form::Struct(&[
    need("version", &U32),
    may("title", &TEXT),
    need("protocol", &TEXT),
    may("seed", &U64),
    may("pace", &Form::Option(&TIME)),
    may("parameters", &Form::Map(&PARAMETER)),
    may("network", &LINK),
    may("disk", &Form::Option(&DISTRIBUTION)),
    may("layout", &LAYOUT),
    need("nodes", &Form::List(&NODE_LINE)),
    may("commands", &Form::List(&LOG_ENTRY)),
]);

//! Effects that depend on numbers. One kind for the whole page: every kind of `use_effect_with` is code of its own.

use std::hash::Hasher;
use yew::prelude::*;

/// What an effect depends on.
pub type Key = [u64; 3];

/// Undoes an effect.
pub type Undo = Box<dyn FnOnce()>;

/// An effect that needs no undoing.
pub fn plain(effect: impl FnOnce() + 'static) -> Box<dyn FnOnce() -> Undo> {
    Box::new(move || {
        effect();
        Box::new(|| {})
    })
}

/// Runs an effect after the first drawing, and after every one that comes with another key.
#[hook]
pub fn use_effect_on(key: Key, effect: Box<dyn FnOnce() -> Undo>) {
    use_effect_with(key, move |_| effect());
}

/// A text as a number of a key.
pub fn text(words: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(words.as_bytes());
    hasher.finish()
}

/// The time of day, in milliseconds since 1970: what comes back for review is given it from here.
pub fn today_ms() -> u64 {
    js_sys::Date::now() as u64
}

//! All that the home page does not need is in wasm files of its own, which are loaded when they are first asked for, or when
//! the home page has come to rest: lessons, the bench around the stage, forms and comparisons in one, the design board in
//! another. `src/bin/split` cuts them off the page's wasm and lists their modules.
//!
//! Until a part has come, none of its functions may run. So the page reaches them only from here, by pointers: what is drawn
//! by [`Part::page`], [`Part::shown`] and [`Part::given`], what is done by [`Part::with`]. A call by name would not pass the
//! cut.
//!
//! The build that is not cut (any but a release) names no files in `<meta name="rest">`: nothing is missing then.

use super::app::Ctx;
use super::controls::{tag, words};
use super::fetch;
use super::pages::failed;
use super::state::Action;
use gloo::utils::document;
use js_sys::{Object, Reflect, WebAssembly};
use std::cell::RefCell;
use std::hint::black_box;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

/// The parts, in the order of the files in `<meta name="rest">`: each needs those before it.
#[derive(Clone, Copy)]
pub enum Part {
    /// Lessons, the bench around the stage, forms, comparisons.
    Rest,
    /// The design board.
    Board,
}

const COUNT: usize = Part::Board as usize + 1;

#[derive(Clone, Default)]
enum Standing {
    #[default]
    Unasked,
    Coming,
    Here,
    Failed(String),
}

/// What is done when a part has come.
type Act = fn(&Ctx);

#[derive(Default)]
struct Parts {
    standing: [Standing; COUNT],
    waiting: [Vec<(Ctx, Act)>; COUNT],
    /// They are loaded one after another.
    busy: bool,
}

thread_local! {
    /// Of the page as a whole: both runs of a comparison have the same code.
    static PARTS: RefCell<Parts> = RefCell::default();
}

impl Part {
    fn standing(self) -> Standing {
        PARTS.with(|parts| parts.borrow().standing[self as usize].clone())
    }

    /// Whether it is there. If it is not, it is asked for, and the page is drawn again when it comes.
    pub fn is_here(self, ctx: &Ctx) -> bool {
        if let Standing::Unasked = self.standing() {
            self.load(ctx);
        }
        matches!(self.standing(), Standing::Here)
    }

    /// A whole page, as soon as it is there.
    pub fn page(self, ctx: &Ctx, draw: fn(&Ctx) -> Html) -> Html {
        if self.is_here(ctx) {
            return black_box(draw)(ctx);
        }
        let inside = vec![words("h1", "sr-only", "Faultline"), self.missing(ctx)];
        tag("main", &["id", "class", "tabindex"], &["main", "page", "-1"], inside)
    }

    /// Something of it, as soon as it is there.
    pub fn shown(self, ctx: &Ctx, draw: fn(&Ctx) -> Html) -> Html {
        self.given(ctx, ctx, draw)
    }

    /// Something of it that is drawn from something else than the page's state.
    pub fn given<T>(self, ctx: &Ctx, of: &T, draw: fn(&T) -> Html) -> Html {
        // The compiler shall not see through the pointer, else it puts the function here.
        if self.is_here(ctx) { black_box(draw)(of) } else { self.missing(ctx) }
    }

    fn missing(self, ctx: &Ctx) -> Html {
        let Standing::Failed(why) = self.standing() else { return words("p", "empty", "Loading…") };
        let ctx = ctx.clone();
        let again = Callback::from(move |_: MouseEvent| self.load(&ctx));
        failed("This part of the page could not be loaded", &why, again)
    }

    /// Does something of it, as soon as it is there.
    pub fn with(self, ctx: &Ctx, act: Act) {
        if self.is_here(ctx) {
            return black_box(act)(ctx);
        }
        PARTS.with(|parts| parts.borrow_mut().waiting[self as usize].push((ctx.clone(), act)));
    }

    /// Asks for it, and for what it needs.
    fn load(self, ctx: &Ctx) {
        let addresses = addresses();
        let begin = PARTS.with(|parts| {
            let mut parts = parts.borrow_mut();
            for (i, standing) in parts.standing.iter_mut().enumerate().take(self as usize + 1) {
                if addresses.get(i).is_none() {
                    *standing = Standing::Here;
                } else if !matches!(standing, Standing::Here) {
                    *standing = Standing::Coming;
                }
            }
            !std::mem::replace(&mut parts.busy, true)
        });
        if begin {
            spawn_local(load_all(ctx.clone(), addresses));
        }
    }
}

/// Loads what has been asked for, until nothing is left or something cannot be had.
async fn load_all(ctx: Ctx, addresses: Vec<String>) {
    while let Some(next) = PARTS.with(|parts| parts.borrow_mut().next()) {
        let came = instantiate(&addresses[next]).await;
        for (ctx, act) in PARTS.with(|parts| parts.borrow_mut().came(next, came)) {
            black_box(act)(&ctx);
        }
        ctx.dispatch(Action::Rest);
    }
}

impl Parts {
    /// The next to be loaded; if there is none, nobody is busy.
    fn next(&mut self) -> Option<usize> {
        let next = self.standing.iter().position(|standing| matches!(standing, Standing::Coming));
        self.busy = next.is_some();
        next
    }

    /// One has come, or could not be had, and so none of those that need it. What can be done now.
    fn came(&mut self, part: usize, came: Result<(), String>) -> Vec<(Ctx, Act)> {
        match came {
            Ok(()) => {
                self.standing[part] = Standing::Here;
                std::mem::take(&mut self.waiting[part])
            }
            Err(why) => {
                let coming = self.standing.iter_mut().filter(|standing| matches!(standing, Standing::Coming));
                coming.for_each(|standing| *standing = Standing::Failed(why.clone()));
                Vec::new()
            }
        }
    }
}

fn addresses() -> Vec<String> {
    let meta = document().query_selector("meta[name=rest]").ok().flatten();
    let all = meta.and_then(|meta| meta.get_attribute("content")).unwrap_or_default();
    all.split_whitespace().map(str::to_owned).collect()
}

/// It has the page's memory and table, and puts its functions into the table.
async fn instantiate(address: &str) -> Result<(), String> {
    let bytes = fetch::bytes(address).await?;
    let imports = Object::new();
    let wrong = |_| format!("{address} does not fit this page. Reload it.");
    Reflect::set(&imports, &"page".into(), &wasm_bindgen::exports()).map_err(wrong)?;
    JsFuture::from(WebAssembly::instantiate_buffer(&bytes, &imports)).await.map_err(wrong).map(drop)
}

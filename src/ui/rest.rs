//! All that the home page does not need (lessons, the bench around the stage, forms, comparisons) is a wasm file of its
//! own, the rest, which is loaded when it is first asked for, or when the home page has come to rest. `src/bin/split` cuts
//! it off the page's wasm and lists its modules.
//!
//! Until it has come, none of its functions may run. So the page reaches them only from here, by pointers: what is drawn
//! by [`page`], [`shown`] and [`given`], what is done by [`with`]. A call by name would not pass the cut.
//!
//! The build that is not cut (any but a release) names no file in `<meta name="rest">`: nothing is missing then.

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

#[derive(Clone, Default)]
enum Standing {
    #[default]
    Unasked,
    Coming,
    Here,
    Failed(String),
}

/// What is done when it has come.
type Act = fn(&Ctx);

thread_local! {
    /// Of the page as a whole: both runs of a comparison have the same code.
    static REST: RefCell<(Standing, Vec<(Ctx, Act)>)> = RefCell::default();
}

fn standing() -> Standing {
    REST.with(|rest| rest.borrow().0.clone())
}

/// Whether the rest is there. If it is not, it is asked for, and the page is drawn again when it comes.
pub fn is_here(ctx: &Ctx) -> bool {
    if let Standing::Unasked = standing() {
        load(ctx);
    }
    matches!(standing(), Standing::Here)
}

/// A whole page of the rest, as soon as it is there.
pub fn page(ctx: &Ctx, draw: fn(&Ctx) -> Html) -> Html {
    if is_here(ctx) {
        return black_box(draw)(ctx);
    }
    let inside = vec![words("h1", "sr-only", "Faultline"), missing(ctx)];
    tag("main", &["id", "class", "tabindex"], &["main", "page", "-1"], inside)
}

/// Something of the rest, as soon as it is there.
pub fn shown(ctx: &Ctx, draw: fn(&Ctx) -> Html) -> Html {
    given(ctx, ctx, draw)
}

/// Something of the rest that is drawn from something else than the page's state.
pub fn given<T>(ctx: &Ctx, of: &T, draw: fn(&T) -> Html) -> Html {
    // The compiler shall not see through the pointer, else it puts the function here.
    if is_here(ctx) { black_box(draw)(of) } else { missing(ctx) }
}

fn missing(ctx: &Ctx) -> Html {
    let Standing::Failed(why) = standing() else { return words("p", "empty", "Loading…") };
    let ctx = ctx.clone();
    failed("This part of the page could not be loaded", &why, Callback::from(move |_: MouseEvent| load(&ctx)))
}

/// Does something of the rest, as soon as it is there.
pub fn with(ctx: &Ctx, act: Act) {
    if is_here(ctx) {
        return black_box(act)(ctx);
    }
    REST.with(|rest| rest.borrow_mut().1.push((ctx.clone(), act)));
}

fn load(ctx: &Ctx) {
    let address = address();
    if address.is_empty() {
        return REST.with(|rest| rest.borrow_mut().0 = Standing::Here);
    }
    REST.with(|rest| rest.borrow_mut().0 = Standing::Coming);
    let dispatch = ctx.state.dispatcher();
    spawn_local(async move {
        let standing = match instantiate(&address).await {
            Ok(()) => Standing::Here,
            Err(why) => Standing::Failed(why),
        };
        let waiting = REST.with(|rest| {
            let mut rest = rest.borrow_mut();
            rest.0 = standing;
            if let Standing::Here = rest.0 { std::mem::take(&mut rest.1) } else { Vec::new() }
        });
        for (ctx, act) in waiting {
            black_box(act)(&ctx);
        }
        dispatch.dispatch(Action::Rest);
    });
}

fn address() -> String {
    let meta = document().query_selector("meta[name=rest]").ok().flatten();
    meta.and_then(|meta| meta.get_attribute("content")).unwrap_or_default()
}

/// It has the page's memory and table, and puts its functions into the table.
async fn instantiate(address: &str) -> Result<(), String> {
    let bytes = fetch::bytes(address).await?;
    let imports = Object::new();
    let wrong = |_| format!("{address} does not fit this page. Reload it.");
    Reflect::set(&imports, &"page".into(), &wasm_bindgen::exports()).map_err(wrong)?;
    JsFuture::from(WebAssembly::instantiate_buffer(&bytes, &imports)).await.map_err(wrong).map(drop)
}

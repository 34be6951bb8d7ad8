//! Links that hold a whole session: packed by the browser's own compression, written as an address.

use super::lab::Core;
use super::state::Action;
use super::storage;
use crate::view::link::{self, Session};
use crate::view::route::Route;
use crate::wire::{Request, RunSource, Sheet, SourceFile};
use base64ct::{Base64UrlUnpadded, Encoding};
use gloo::utils::window;
use js_sys::{Array, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, ReadableWritablePair, Response};

// web-sys has these two behind its flag for unstable APIs; all browsers have had them since 2023.
#[wasm_bindgen]
extern "C" {
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// RFC 1951.
const FORMAT: &str = "deflate-raw";

/// All bytes through a stream that packs or unpacks them.
async fn through(bytes: &[u8], stream: &JsValue) -> Result<Vec<u8>, JsValue> {
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))?;
    let out = blob.stream().pipe_through(stream.unchecked_ref::<ReadableWritablePair>());
    let whole = Response::new_with_opt_readable_stream(Some(&out))?.array_buffer()?;
    Ok(Uint8Array::new(&JsFuture::from(whole).await?).to_vec())
}

/// The part of an address that holds a session.
pub async fn pack(session: &Session) -> Result<String, String> {
    pack_text(&session.write()).await
}

/// The part of an address that holds a text.
pub async fn pack_text(text: &str) -> Result<String, String> {
    let packed = match CompressionStream::new(FORMAT) {
        Ok(stream) => through(text.as_bytes(), &stream).await,
        Err(error) => Err(error),
    };
    let packed = packed.map_err(|_| "This browser cannot make links; save the run as a file.".to_owned())?;
    let text = Base64UrlUnpadded::encode_string(&packed);
    if text.len() > link::LENGTH_MAX {
        return Err("This run is too long for a link; save it as a file.".into());
    }
    Ok(format!("{}.{text}", link::VERSION))
}

/// The session in an address. The error says what is wrong with it.
pub async fn unpack(address: &str) -> Result<Session, String> {
    Session::read(&unpack_text(address).await?)
}

/// The text in an address.
pub async fn unpack_text(address: &str) -> Result<String, String> {
    let packed = Base64UrlUnpadded::decode_vec(link::packed(address)?).map_err(|_| link::damaged())?;
    let stream = DecompressionStream::new(FORMAT).map_err(|_| link::damaged())?;
    let bytes = through(&packed, &stream).await.map_err(|_| link::damaged())?;
    String::from_utf8(bytes).map_err(|_| link::damaged())
}

impl Core {
    /// Goes elsewhere with the open run as a form has it.
    pub fn take_along(&self, route: Route) {
        self.going.set(Some(route));
        self.send(Request::Sheet);
    }

    pub(super) fn go_with(&self, sheet: Sheet) {
        self.dispatch.dispatch(Action::Sheet(Rc::new(sheet)));
        if let Some(route) = self.going.take() {
            let _ = window().location().set_hash(&route.href());
        }
    }

    /// Opens what a link holds.
    pub fn open_link(&self, session: Session) {
        let source = RunSource::Text(SourceFile { name: "the link's run".into(), text: session.run });
        self.open_at(source, None, Some(session.at), false);
        (self.dispatch).dispatch(Action::Noted(session.note, session.from));
        (self.dispatch).dispatch(Action::Watch(Rc::new(session.watch)));
        if let Some(tab) = super::bench::tabs::named(&session.tab) {
            (self.dispatch).dispatch(Action::Tab(tab));
        }
    }

    /// Makes a link of a session, or what embeds it in another page; shows it, and puts it on the clipboard.
    pub fn link_to(&self, session: Session, embedded: bool) {
        let dispatch = self.dispatch.clone();
        spawn_local(async move {
            let packed = match pack(&session).await {
                Ok(packed) => packed,
                Err(why) => return dispatch.dispatch(Action::Toast(why)),
            };
            let address = address(&Route::Run { packed, embedded });
            let text = match embedded {
                true => format!("<iframe src=\"{address}\" title=\"Faultline\" width=\"960\" height=\"640\"></iframe>"),
                false => address,
            };
            let length = text.len();
            dispatch.dispatch(Action::Linked(text.clone()));
            storage::copy(&text, move |done| {
                let copied = if done { ", copied" } else { "; it stands under Share" };
                dispatch.dispatch(Action::Toast(format!("A link of {length} characters{copied}.")));
            });
        });
    }
}

/// The whole address of a place in the page.
pub fn address(route: &Route) -> String {
    let here = window().location().href().unwrap_or_default();
    let page = here.split('#').next().unwrap_or_default();
    page.to_owned() + &route.href()
}

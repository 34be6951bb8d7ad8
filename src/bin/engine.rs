//! The wasm of the engine, which the page runs in a worker. It is cut in parts when it is built (`src/bin/split`): what calls
//! another part than the first loads it, by way of the script that started the worker (`static/loader.js`).

#[cfg(target_arch = "wasm32")]
mod parts {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(catch, js_name = loadPart)]
        fn fetch_part(part: u32, first: &JsValue) -> Result<(), JsValue>;
    }

    /// Returns when a part's functions are in their places.
    #[wasm_bindgen]
    pub fn load_part(part: u32) {
        if fetch_part(part, &wasm_bindgen::exports()).is_err() {
            panic!("a part of the engine could not be loaded; is there a network?");
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    faultline::worker::register(faultline::protocols::all, faultline::export::writer);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    eprintln!("This program is the browser's engine; natively the same engine is in `faultline`.");
    std::process::ExitCode::from(2)
}

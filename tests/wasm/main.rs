//! Tests of the wasm in a worker of a headless browser: `make wasm`. Natively this target is empty, because the same code is
//! tested by the native tests; here stands what must hold in the browser too.
#![cfg(target_arch = "wasm32")]

mod bench;
#[path = "../parity/loads.rs"]
mod loads;
#[path = "../parity/pairs.rs"]
mod pairs;

use faultline::base::codec;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

// As the engine does.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
fn the_encoding_is_the_native_one() {
    let value = (1u64 << 40, -3i32, "n1".to_string(), vec![0.5f64], usize::MAX);
    let bytes = codec::to_bytes(&value);
    // usize is widened: its largest value is smaller here, but encoded alike.
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "80808080802005026e3101000000000000e03fffffffff0f");
}

#[wasm_bindgen_test]
fn trace_hashes_are_the_native_ones() {
    assert_eq!(pairs::hashes(), pairs::GOLDEN);
}

#[wasm_bindgen_test]
fn reports_of_loads_are_the_native_ones() {
    assert_eq!(loads::hashes(), loads::GOLDEN);
}

//! The same bits natively as written down, and (in `tests/wasm`) in wasm. `BLESS=1` writes the golden file anew.

mod loads;
pub mod pairs;

#[test]
fn trace_hashes_are_as_written_down() {
    let hashes = pairs::hashes();
    assert!(hashes.lines().count() >= 30);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write("tests/parity/golden.txt", &hashes).expect("the golden file can be written");
        return;
    }
    assert_eq!(hashes, pairs::GOLDEN, "to accept: BLESS=1 cargo test --test native parity::");
}

#[test]
fn reports_of_loads_are_as_written_down() {
    let hashes = loads::hashes();
    assert!(hashes.lines().count() >= 16);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write("tests/parity/loads.txt", &hashes).expect("the golden file can be written");
        return;
    }
    assert_eq!(hashes, loads::GOLDEN, "to accept: BLESS=1 cargo test --test native parity::");
}

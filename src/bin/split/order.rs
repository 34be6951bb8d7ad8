//! The order of functions in a wasm file. It means nothing to who runs it, but much to who compresses it: gzip looks for
//! what it has seen within the last 32 kB, so functions that are alike should lie side by side. Measured on the engine:
//! 3.4 % less than in the linker's order.

use std::collections::VecDeque;

/// What is looked for: this many bytes in a row.
const GRAM: usize = 5;
/// What more functions have than this is in the reach of everybody.
const COMMON: usize = 40;
/// Bytes of code in which the next function should find what is like it. Less than the reach of gzip: near is better,
/// as it takes fewer bits to say where.
const NEAR: usize = 10_000;

/// Puts functions in an order in which those that are alike are near each other: always that next which has, for its
/// length, the most in common with the last ones.
pub fn alike(bodies: &[&[u8]]) -> Vec<usize> {
    let (grams, holders) = grams(bodies);
    // How much of each function, not placed yet, is near.
    let mut near = vec![0_u32; bodies.len()];
    let mut lives = vec![0_u32; holders.len()];
    let (mut last, mut reach) = (VecDeque::new(), 0);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::new();
    let mut next = (0..bodies.len()).max_by_key(|body| bodies[*body].len());
    while let Some(body) = next {
        order.push(body);
        left.retain(|other| *other != body);
        last.push_back(body);
        reach += bodies[body].len();
        for gram in &grams[body] {
            if lives[*gram] == 0 {
                holders[*gram].iter().for_each(|body| near[*body] += 1);
            }
            lives[*gram] += 1;
        }
        while reach > NEAR && last.len() > 1 {
            let Some(gone) = last.pop_front() else { break };
            reach -= bodies[gone].len();
            for gram in &grams[gone] {
                lives[*gram] -= 1;
                if lives[*gram] == 0 {
                    holders[*gram].iter().for_each(|body| near[*body] -= 1);
                }
            }
        }
        // Long functions have much in common with any: their length counts, but less than in full.
        let worth = |body: usize| f64::from(near[body]).powi(4) / (grams[body].len() as f64 + 8.0).powi(3);
        next = left.iter().copied().reduce(|best, body| if worth(body) > worth(best) { body } else { best });
    }
    order
}

/// The numbers of what each function has in common with others, and which functions have each.
fn grams(bodies: &[&[u8]]) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let of = |(body, code): (usize, &&[u8])| {
        let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        code.windows(GRAM).map(move |bytes| (word(bytes), body)).collect::<Vec<_>>()
    };
    let mut all: Vec<(u64, usize)> = bodies.iter().enumerate().flat_map(of).collect();
    all.sort_unstable();
    all.dedup();
    let (mut grams, mut holders) = (vec![Vec::new(); bodies.len()], Vec::new());
    for same in all.chunk_by(|a, b| a.0 == b.0).filter(|same| (2..=COMMON).contains(&same.len())) {
        same.iter().for_each(|(_, body)| grams[*body].push(holders.len()));
        holders.push(same.iter().map(|(_, body)| *body).collect());
    }
    (grams, holders)
}

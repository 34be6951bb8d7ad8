//! Good texts with some of their parts taken out, doubled, exchanged or put elsewhere: what a hand, a bad line or a foe
//! makes of them.

/// A generator of its own: the same number gives the same case on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a bound; 0 where there is nothing below it.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }
}

/// What is put in the place of a part.
const STRANGE: [&[u8]; 26] = [
    b"",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"18446744073709551615",
    b"9223372036854775808",
    b"65536",
    b"1e308",
    b"-0.0",
    b"NaN",
    b"\"\"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"null",
    b"true",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":{\"a\":",
    b"[[nodes]]",
    b"\n",
    b"\\",
    b"\"",
    b"\xf0\x9f\xa6\x80",
    b"\xff\xfe",
    b"\xc3",
    b"\xe2\x80\xae",
    b"<img src=x onerror=alert(1)>",
];

pub struct Mutator {
    /// Each good text in parts: words, numbers, signs, blanks.
    good: Vec<Vec<Vec<u8>>>,
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | 128..=255 => 1,
        b' ' | b'\t' => 2,
        _ => 0,
    }
}

impl Mutator {
    pub fn new(good: &[Vec<u8>]) -> Mutator {
        let parts = |text: &Vec<u8>| {
            let same = |a: &u8, b: &u8| kind(*a) == kind(*b) && kind(*a) > 0;
            text.chunk_by(same).map(<[u8]>::to_vec).collect()
        };
        Mutator { good: good.iter().map(parts).collect() }
    }

    pub fn case(&self, number: u64) -> Vec<u8> {
        let mut dice = Dice::new(number);
        let mut parts = self.good[dice.below(self.good.len())].clone();
        for _ in 0..=dice.below(3) {
            self.change(&mut parts, &mut dice);
        }
        let mut bytes = parts.concat();
        // Now and then a byte is another, or the end is missing.
        match dice.below(12) {
            0 if !bytes.is_empty() => {
                let place = dice.below(bytes.len());
                bytes[place] = dice.below(256) as u8;
            }
            1 => bytes.truncate(dice.below(bytes.len())),
            _ => {}
        }
        bytes
    }

    fn change(&self, parts: &mut Vec<Vec<u8>>, dice: &mut Dice) {
        let place = dice.below(parts.len());
        let end = (place + 1 + dice.below(8)).min(parts.len());
        match dice.below(8) {
            _ if parts.is_empty() => parts.push(STRANGE[dice.below(STRANGE.len())].to_vec()),
            0 => {
                parts.drain(place..end);
            }
            1 => {
                let twice = parts[place..end].to_vec();
                parts.splice(place..place, twice);
            }
            2 => {
                let other = dice.below(parts.len());
                parts.swap(place, other);
            }
            3 => parts.insert(place, STRANGE[dice.below(STRANGE.len())].to_vec()),
            4 | 5 => parts[place] = STRANGE[dice.below(STRANGE.len())].to_vec(),
            _ => {
                let others = &self.good[dice.below(self.good.len())];
                parts[place] = others[dice.below(others.len())].clone();
            }
        }
    }
}

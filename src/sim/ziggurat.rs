//! Draws from the standard normal and the standard exponential distribution by the ziggurat method (Marsaglia, Tsang: The
//! ziggurat method for generating random variables, JSS 5(8), 2000; Doornik: An improved ziggurat method to generate normal
//! random samples, 2005).
//!
//! They have the bits of the crate `rand_distr` 0.6, to which a test holds them. Its tables are 8 kB that no compression
//! makes smaller; here they are made from the recurrence that they come from, when they are first asked for. A few entries
//! then differ in their last bits from the library's, which were made by other functions and printed: they are nudged.

use crate::base::random::Stream;
use std::sync::LazyLock;

/// Boxes of a ziggurat.
const BOXES: usize = 256;

/// Where the boxes end, and the density there.
struct Table {
    x: [f64; BOXES + 1],
    f: [f64; BOXES + 1],
}

/// Where the tails begin, and the area of a box.
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
const NORMAL_AREA: f64 = 0.004_928_673_233_99;
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
const EXPONENTIAL_AREA: f64 = 0.003_949_659_822_581_557;

/// Places where the library's table has another number: so many representable numbers further on.
type Nudges = &'static [(u8, i8)];

#[rustfmt::skip]
const NORMAL_X: [(u8, i8); 19] = [
    (54, 1), (81, 1), (85, 1), (86, -1), (87, -1), (102, 1), (127, 1), (137, -1), (145, 1), (146, 1),
    (149, 1), (175, -1), (186, -1), (204, 1), (206, -1), (224, -2), (225, 1), (226, 1), (234, 1),
];
#[rustfmt::skip]
const NORMAL_F: [(u8, i8); 28] = [
    (0, -6), (3, 1), (6, -1), (17, -1), (22, -1), (23, -1), (45, 1), (51, -1), (53, -1), (55, 1),
    (72, 1), (84, -1), (85, 1), (86, 1), (90, 1), (94, -1), (95, 1), (97, 1), (101, -1), (136, 1),
    (145, -1), (148, -1), (149, 1), (154, -1), (164, -1), (223, 1), (224, -1), (225, -1),
];
#[rustfmt::skip]
const EXPONENTIAL_X: [(u8, i8); 37] = [
    (5, 1), (27, -1), (33, -1), (45, -1), (50, 1), (68, 1), (74, -1), (79, -1), (80, 1), (103, 1),
    (113, -1), (115, 1), (121, -1), (124, -1), (125, -1), (127, -1), (133, 1), (143, 1), (146, -1), (149, 1),
    (167, -1), (169, 1), (171, 1), (177, 1), (178, 1), (182, 1), (183, 1), (185, -1), (186, -1), (190, -1),
    (195, 1), (199, 1), (213, -1), (223, -1), (232, 1), (233, 1), (235, 1),
];
#[rustfmt::skip]
const EXPONENTIAL_F: [(u8, i8); 32] = [
    (0, -14), (1, 7), (2, -3), (3, 2), (5, 1), (9, 1), (14, -1), (27, -1), (34, 1), (49, -1),
    (77, -1), (79, -1), (81, 1), (87, -1), (102, -1), (113, 1), (114, -1), (115, 1), (116, 1), (124, 1),
    (126, 1), (132, -1), (136, -1), (142, -1), (166, 1), (169, -1), (170, -1), (177, -1), (181, -1), (184, 1),
    (185, 1), (198, -1),
];

static NORMAL: LazyLock<Table> = LazyLock::new(|| {
    let inverse = |f: f64| (-2.0 * libm::log(f)).sqrt();
    Table::new(NORMAL_TAIL, NORMAL_AREA, normal_density, inverse, [&NORMAL_X, &NORMAL_F])
});

static EXPONENTIAL: LazyLock<Table> = LazyLock::new(|| {
    let inverse = |f: f64| -libm::log(f);
    Table::new(EXPONENTIAL_TAIL, EXPONENTIAL_AREA, exponential_density, inverse, [&EXPONENTIAL_X, &EXPONENTIAL_F])
});

fn normal_density(x: f64) -> f64 {
    libm::exp(-x * x / 2.0)
}

fn exponential_density(x: f64) -> f64 {
    libm::exp(-x)
}

impl Table {
    fn new(
        tail: f64,
        area: f64,
        density: fn(f64) -> f64,
        inverse: fn(f64) -> f64,
        [x_nudges, f_nudges]: [Nudges; 2],
    ) -> Table {
        let mut x = [0.0; BOXES + 1];
        x[0] = area / density(tail);
        x[1] = tail;
        for i in 2..BOXES {
            x[i] = nudged(inverse(area / x[i - 1] + density(x[i - 1])), i, x_nudges);
        }
        let mut f = x.map(density);
        for (i, f) in f.iter_mut().enumerate() {
            *f = nudged(*f, i, f_nudges);
        }
        Table { x, f }
    }
}

fn nudged(number: f64, place: usize, nudges: Nudges) -> f64 {
    let by = nudges.iter().find(|(at, _)| usize::from(*at) == place).map_or(0, |(_, by)| i64::from(*by));
    f64::from_bits(number.to_bits().wrapping_add_signed(by))
}

/// A number from the standard normal distribution.
pub fn normal(stream: &mut Stream) -> f64 {
    let table = &*NORMAL;
    loop {
        let bits = stream.next_u64();
        // From -1 to 1.
        let u = with_exponent(bits >> 12, 1) - 3.0;
        match within(table, bits, u, normal_density, stream) {
            Place::In(x) => return x,
            Place::Tail => {
                let (mut x, mut y) = (1.0, 0.0);
                while -2.0 * y < x * x {
                    x = libm::log(open(stream)) / NORMAL_TAIL;
                    y = libm::log(open(stream));
                }
                return if u < 0.0 { x - NORMAL_TAIL } else { NORMAL_TAIL - x };
            }
            Place::Out => {}
        }
    }
}

/// A number from the exponential distribution of mean 1.
pub fn exponential(stream: &mut Stream) -> f64 {
    let table = &*EXPONENTIAL;
    loop {
        let bits = stream.next_u64();
        let u = to_open(bits);
        match within(table, bits, u, exponential_density, stream) {
            Place::In(x) => return x,
            Place::Tail => return EXPONENTIAL_TAIL - libm::log(stream.unit()),
            Place::Out => {}
        }
    }
}

/// Where a point fell.
enum Place {
    In(f64),
    Tail,
    Out,
}

/// Tries the point `u` of the box that the lowest bits name.
fn within(table: &Table, bits: u64, u: f64, density: fn(f64) -> f64, stream: &mut Stream) -> Place {
    let i = bits as usize % BOXES;
    let x = u * table.x[i];
    if x.abs() < table.x[i + 1] {
        return Place::In(x);
    }
    if i == 0 {
        return Place::Tail;
    }
    let (low, high) = (table.f[i], table.f[i + 1]);
    if high + (low - high) * stream.unit() < density(x) { Place::In(x) } else { Place::Out }
}

/// A number between 2 to the power of `exponent` and twice that, by the lowest 52 bits.
fn with_exponent(bits: u64, exponent: u64) -> f64 {
    f64::from_bits(bits | (1023 + exponent) << 52)
}

/// Uniform between 0 and 1, without both.
fn to_open(bits: u64) -> f64 {
    with_exponent(bits >> 12, 0) - (1.0 - f64::EPSILON / 2.0)
}

fn open(stream: &mut Stream) -> f64 {
    to_open(stream.next_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;
    use rand_distr::{Distribution as _, Exp1, StandardNormal};

    /// Every table entry is met, the tails too, and each draw takes as many words. In the tails the library takes the
    /// standard library's logarithm here, since another crate asks `num-traits` for it.
    #[test]
    fn draws_are_those_of_the_library() {
        let mut own = Stream::new(1, Purpose::Latency, 2, 3);
        let mut other = own.clone();
        let (mut far, mut late) = (0, 0);
        for _ in 0..1_000_000 {
            let (x, library): (f64, f64) = (normal(&mut own), StandardNormal.sample(other.rng()));
            let in_tail = f64::abs(x) > NORMAL_TAIL;
            assert!(if in_tail { f64::abs(x - library) < 1e-14 } else { x == library }, "{x} {library}");
            let (y, library): (f64, f64) = (exponential(&mut own), Exp1.sample(other.rng()));
            let late_one = y > EXPONENTIAL_TAIL;
            assert!(if late_one { f64::abs(y - library) < 1e-14 } else { y == library }, "{y} {library}");
            far += u32::from(in_tail);
            late += u32::from(late_one);
        }
        assert_eq!(own.next_u64(), other.next_u64());
        assert!(far > 100 && late > 200, "{far} {late}");
    }
}

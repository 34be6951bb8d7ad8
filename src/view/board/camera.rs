//! What is seen of the board: how much it is enlarged, about what, and how far it is pushed. Lengths are those of the board
//! unless it is said; what is in sight never leaves the board, and has its proportions.

use super::layout::{HEIGHT, Place, WIDTH};

/// How much smaller or larger than all of it.
const SCALES: (f32, f32) = (0.5, 4.0);
/// A step of the buttons and keys: a quarter of a doubling.
const STEP: f32 = 1.189_207;
/// Around a component that is brought into sight.
const AROUND: f32 = 12.0;
/// The pixels of a line and of a page, for wheels that count in them.
const LINE_PX: f32 = 33.0;
const PAGE_PX: f32 = 800.0;

/// An upper left corner, a width and a height.
pub type View = (Place, f32, f32);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// How much the board is enlarged; 1: all of it is in sight.
    pub scale: f32,
    /// What is in the middle; none: the board's own middle.
    pub middle: Option<Place>,
}

impl Default for Camera {
    fn default() -> Camera {
        Camera { scale: 1.0, middle: None }
    }
}

impl Camera {
    pub fn is_close(self) -> bool {
        self.scale > 1.0
    }

    /// What is in sight of a board of this width and height.
    pub fn view(self, (width, height): (f32, f32)) -> View {
        let (w, h) = (width / self.scale, height / self.scale);
        let middle = self.middle.unwrap_or(Place { x: width / 2.0, y: height / 2.0 });
        (Place { x: middle.x - w / 2.0, y: middle.y - h / 2.0 }, w, h)
    }

    /// With that in the middle, as far as the board goes. When all of it fits, it is in the middle.
    fn at(scale: f32, middle: Place, (width, height): (f32, f32)) -> Camera {
        // Steps there and back end where they began.
        let scale = if (scale - 1.0).abs() < 1e-3 { 1.0 } else { scale.clamp(SCALES.0, SCALES.1) };
        if scale <= 1.0 {
            return Camera { scale, middle: None };
        }
        let within = |at: f32, size: f32| at.clamp(size / scale / 2.0, size - size / scale / 2.0);
        Camera { scale, middle: Some(Place { x: within(middle.x, width), y: within(middle.y, height) }) }
    }

    fn middle(self, board: (f32, f32)) -> Place {
        self.middle.unwrap_or(Place { x: board.0 / 2.0, y: board.1 / 2.0 })
    }

    /// Closer by a factor. What is at `about` stays where it is seen; without, what is in the middle.
    pub fn zoomed(self, board: (f32, f32), factor: f32, about: Option<Place>) -> Camera {
        let middle = self.middle(board);
        let about = about.unwrap_or(middle);
        let scale = (self.scale * factor).clamp(SCALES.0, SCALES.1);
        let ratio = scale / self.scale;
        let to = |about: f32, middle: f32| about + (middle - about) / ratio;
        Camera::at(scale, Place { x: to(about.x, middle.x), y: to(about.y, middle.y) }, board)
    }

    /// Closer by so many steps; none: all of the board.
    pub fn stepped(self, board: (f32, f32), steps: i32) -> Camera {
        match steps {
            0 => Camera::default(),
            1.. => self.zoomed(board, STEP, None).again(board, steps - 1),
            _ => self.zoomed(board, 1.0 / STEP, None).again(board, steps + 1),
        }
    }

    fn again(self, board: (f32, f32), steps: i32) -> Camera {
        if steps == 0 { self } else { self.stepped(board, steps) }
    }

    /// The board is pushed: what was at `from` is where `to` was.
    pub fn pushed(self, board: (f32, f32), from: Place, to: Place) -> Camera {
        let middle = self.middle(board);
        Camera::at(self.scale, Place { x: middle.x + from.x - to.x, y: middle.y + from.y - to.y }, board)
    }

    /// The middle of what is seen goes on by so many quarters of what is in sight.
    pub fn moved(self, board: (f32, f32), (dx, dy): (i32, i32)) -> Camera {
        let (middle, (_, w, h)) = (self.middle(board), self.view(board));
        let to = Place { x: middle.x + w / 4.0 * dx as f32, y: middle.y + h / 4.0 * dy as f32 };
        Camera::at(self.scale, to, board)
    }

    /// Two fingers went from two places to two others: what was under them is under them.
    pub fn pinched(self, board: (f32, f32), from: [Place; 2], to: [Place; 2]) -> Camera {
        let between = |[a, b]: [Place; 2]| Place { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
        let apart = |[a, b]: [Place; 2]| ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).sqrt().max(1.0);
        let (before, after) = (between(from), between(to));
        let near = self.zoomed(board, apart(to) / apart(from), Some(before));
        // As far on the screen, which is less of a board that is closer.
        let ratio = near.scale / self.scale;
        let by = Place { x: (after.x - before.x) / ratio, y: (after.y - before.y) / ratio };
        near.pushed(board, before, Place { x: before.x + by.x, y: before.y + by.y })
    }

    /// So far on that a component at this place is in sight; no further.
    pub fn toward(self, board: (f32, f32), part: Place) -> Camera {
        let (from, w, h) = self.view(board);
        let needed = |from: f32, seen: f32, at: f32, size: f32| {
            let room = AROUND.min((seen - size) / 2.0);
            // Where there is not room for all of it, its middle is in the middle.
            (at - room - from).min(0.0) + (at + size + room - from - seen).max(0.0)
        };
        let by = Place { x: needed(from.x, w, part.x, WIDTH), y: needed(from.y, h, part.y, HEIGHT) };
        if by.x.abs() < 0.5 && by.y.abs() < 0.5 || !self.is_close() {
            return self;
        }
        let middle = self.middle(board);
        Camera::at(self.scale, Place { x: middle.x + by.x, y: middle.y + by.y }, board)
    }
}

/// How much closer a wheel leads: by how far it was turned, the unit it counts in (0: pixels, 1: lines, 2: pages), and
/// whether two fingers on a touch pad did it, which come in far smaller steps.
pub fn of_wheel(turned: f32, unit: u32, pinch: bool) -> f32 {
    let px = turned * [1.0, LINE_PX, PAGE_PX][unit.min(2) as usize];
    (1.0 - px * if pinch { 0.01 } else { 0.002 }).clamp(0.75, 1.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOARD: (f32, f32) = (900.0, 400.0);

    /// Where a place of the board is seen, as shares of what is in sight.
    fn seen(camera: Camera, at: Place) -> (f32, f32) {
        let (from, w, h) = camera.view(BOARD);
        ((at.x - from.x) / w, (at.y - from.y) / h)
    }

    fn near(a: (f32, f32), b: (f32, f32)) -> bool {
        (a.0 - b.0).abs() < 1e-3 && (a.1 - b.1).abs() < 1e-3
    }

    fn places() -> impl Strategy<Value = Place> {
        (0.0..BOARD.0, 0.0..BOARD.1).prop_map(|(x, y)| Place { x, y })
    }

    proptest! {
        #[test]
        fn what_is_under_the_pointer_stays_there(at in places(), factors in prop::collection::vec(1.0_f32..1.3, 1..8)) {
            let mut camera = Camera::default();
            let before = seen(camera, at);
            for factor in &factors {
                camera = camera.zoomed(BOARD, *factor, Some(at));
            }
            prop_assert!(near(seen(camera, at), before), "{camera:?}");
            for factor in factors.iter().rev() {
                camera = camera.zoomed(BOARD, 1.0 / factor, Some(at));
            }
            // At its bound or not, the way back leads to all of it.
            prop_assert!(!camera.is_close(), "{camera:?}");
        }

        #[test]
        fn sight_stays_on_the_board(steps in prop::collection::vec((0.7_f32..1.5, places(), places()), 1..20)) {
            let mut camera = Camera::default();
            for (factor, from, to) in steps {
                camera = camera.zoomed(BOARD, factor, Some(from)).pushed(BOARD, from, to);
                let (corner, w, h) = camera.view(BOARD);
                if camera.is_close() {
                    prop_assert!(corner.x > -0.1 && corner.y > -0.1, "{camera:?}");
                    prop_assert!(corner.x + w < BOARD.0 + 0.1 && corner.y + h < BOARD.1 + 0.1, "{camera:?}");
                } else {
                    prop_assert_eq!(camera.middle, None);
                }
                prop_assert!((w / h - BOARD.0 / BOARD.1).abs() < 1e-3);
            }
        }

        #[test]
        fn a_component_that_is_sought_is_in_sight(part in (0.0..BOARD.0 - WIDTH, 0.0..BOARD.1 - HEIGHT), steps in 1..8, way in places()) {
            let part = Place { x: part.0, y: part.1 };
            let camera = Camera::default().stepped(BOARD, steps).pushed(BOARD, way, Place { x: 450.0, y: 200.0 });
            let camera = camera.toward(BOARD, part);
            let (from, w, h) = camera.view(BOARD);
            prop_assert!(part.x > from.x - 0.1 && part.x + WIDTH < from.x + w + 0.1, "{camera:?}");
            prop_assert!(part.y > from.y - 0.1 && part.y + HEIGHT < from.y + h + 0.1, "{camera:?}");
            let again = camera.toward(BOARD, part).view(BOARD).0;
            prop_assert!((again.x - from.x).abs() < 0.6 && (again.y - from.y).abs() < 0.6, "what is in sight moves nothing");
        }
    }

    #[test]
    fn two_fingers_hold_what_is_under_them() {
        let camera = Camera::default().stepped(BOARD, 2);
        let from = [Place { x: 400.0, y: 190.0 }, Place { x: 480.0, y: 210.0 }];
        let to = [Place { x: 380.0, y: 180.0 }, Place { x: 500.0, y: 210.0 }];
        let after = camera.pinched(BOARD, from, to);
        let middle = |[a, b]: [Place; 2]| Place { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
        assert!(near(seen(after, middle(from)), seen(camera, middle(to))), "{after:?}");
        assert!(after.scale > camera.scale * 1.4, "{after:?}");
    }

    #[test]
    fn steps_lead_there_and_back() {
        let close = Camera::default().stepped(BOARD, 4);
        assert!((close.scale - 2.0).abs() < 1e-3, "{close:?}");
        assert_eq!(close.stepped(BOARD, -4), Camera::default());
        assert_eq!(close.stepped(BOARD, 0), Camera::default());
        assert_eq!(close.stepped(BOARD, 100).scale, SCALES.1);
        let right = close.moved(BOARD, (1, 0)).view(BOARD).0.x - close.view(BOARD).0.x;
        assert!((right - BOARD.0 / 8.0).abs() < 0.1, "{right}");
        let (corner, w, h) = close.moved(BOARD, (9, 9)).view(BOARD);
        let far = (corner.x + w - BOARD.0).abs() < 0.1 && (corner.y + h - BOARD.1).abs() < 0.1;
        assert!(far, "no further than the board: {corner:?}");
    }

    #[test]
    fn wheels_that_count_in_pixels_lines_or_pages_do_about_the_same() {
        assert_eq!(of_wheel(0.0, 0, false), 1.0);
        assert!(of_wheel(-100.0, 0, false) > 1.15 && of_wheel(100.0, 0, false) < 0.85);
        assert!((of_wheel(3.0, 1, false) - of_wheel(100.0, 0, false)).abs() < 0.01);
        assert_eq!(of_wheel(1.0, 2, false), 0.75);
        assert!(of_wheel(-5.0, 0, true) > 1.04);
    }
}

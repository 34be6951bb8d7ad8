//! Addresses within the page: what stands after the `#`.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Home,
    /// A lesson and the step (from 0).
    Lesson(String, u32),
    About,
    /// What comes back for review, and what is known.
    Review,
    /// The terms of all lessons, and one of them.
    Glossary(String),
    /// Lessons, terms and sources, by words.
    Search,
    /// A teacher's list of lessons with a seed; none: to make one.
    Class(Option<(u32, Vec<String>)>),
    /// The design system; nothing leads there.
    Style,
    /// A scenario put together in a form: from the gallery, by its name, or what the form holds.
    Sandbox(String),
    /// The CAP lab, with one of the gallery's configurations of a register.
    Cap(String),
    /// The design board: what there is (empty), one of that by its name, or a design that the address itself holds (it has a
    /// dot).
    Design(String),
    /// Two runs side by side, likewise.
    Compare(String),
    /// A run that the address itself holds; without anything around it when it is embedded.
    Run {
        packed: String,
        embedded: bool,
    },
    NotFound(String),
}

impl Route {
    /// Reads `#/lesson/SLUG/STEP`; the step counts from 1 there.
    pub fn parse(hash: &str) -> Route {
        let path = hash.trim_start_matches('#');
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        match parts.as_slice() {
            [] => Route::Home,
            ["about"] => Route::About,
            ["review"] => Route::Review,
            ["search"] => Route::Search,
            ["glossary"] => Route::Glossary(String::new()),
            ["glossary", key] if is_slug(key) => Route::Glossary((*key).into()),
            ["class"] => Route::Class(None),
            ["class", seed, lessons] => match seed.parse() {
                Ok(seed) if lessons.split('+').all(|slug| !slug.is_empty() && is_slug(slug)) => {
                    Route::Class(Some((seed, lessons.split('+').map(str::to_owned).collect())))
                }
                _ => Route::NotFound(path.into()),
            },
            ["style"] => Route::Style,
            ["sandbox"] => Route::Sandbox(String::new()),
            ["sandbox", slug] if is_slug(slug) => Route::Sandbox((*slug).into()),
            ["cap"] => Route::Cap(String::new()),
            ["cap", slug] if is_slug(slug) => Route::Cap((*slug).into()),
            ["design"] => Route::Design(String::new()),
            ["design", slug] if is_slug(slug) || slug.contains('.') => Route::Design((*slug).into()),
            ["compare"] => Route::Compare(String::new()),
            ["compare", slug] if is_slug(slug) => Route::Compare((*slug).into()),
            ["run", packed] => Route::Run { packed: (*packed).into(), embedded: false },
            ["embed", packed] => Route::Run { packed: (*packed).into(), embedded: true },
            ["lesson", slug] if is_slug(slug) => Route::Lesson((*slug).into(), 0),
            ["lesson", slug, step] if is_slug(slug) => match step.parse::<u32>() {
                Ok(n) if n > 0 => Route::Lesson((*slug).into(), n - 1),
                _ => Route::NotFound(path.into()),
            },
            _ => Route::NotFound(path.into()),
        }
    }

    pub fn href(&self) -> String {
        match self {
            Route::Home => "#/".into(),
            Route::About => "#/about".into(),
            Route::Review => "#/review".into(),
            Route::Search => "#/search".into(),
            Route::Glossary(key) => named("#/glossary", key),
            Route::Class(None) => "#/class".into(),
            Route::Class(Some((seed, lessons))) => format!("#/class/{seed}/{}", lessons.join("+")),
            Route::Style => "#/style".into(),
            Route::Sandbox(slug) => named("#/sandbox", slug),
            Route::Cap(slug) => named("#/cap", slug),
            Route::Compare(slug) => named("#/compare", slug),
            Route::Design(slug) => named("#/design", slug),
            Route::Run { packed, embedded } => format!("#/{}/{packed}", if *embedded { "embed" } else { "run" }),
            Route::Lesson(slug, step) => format!("#/lesson/{slug}/{}", step + 1),
            Route::NotFound(path) => format!("#{path}"),
        }
    }
}

fn named(page: &str, slug: &str) -> String {
    if slug.is_empty() { page.into() } else { format!("{page}/{slug}") }
}

/// Folder names only: an address cannot reach for files elsewhere.
pub fn is_slug(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        let run = |embedded| Route::Run { packed: "1.aB-_9".into(), embedded };
        for route in [run(false), run(true)] {
            assert_eq!(Route::parse(&route.href()), route);
        }
        for slug in ["", "split-vote"] {
            let pages = [Route::Sandbox, Route::Compare, Route::Cap, Route::Design];
            for route in pages.map(|page| page(slug.into())) {
                assert_eq!(Route::parse(&route.href()), route);
            }
        }
        for route in [
            Route::Home,
            Route::About,
            Route::Review,
            Route::Search,
            Route::Glossary(String::new()),
            Route::Glossary("split-brain".into()),
            Route::Class(None),
            Route::Class(Some((7, vec!["one-machine".into(), "cap".into()]))),
            Route::Style,
            Route::Lesson("one-system".into(), 0),
            Route::Lesson("x".into(), 4),
        ] {
            assert_eq!(Route::parse(&route.href()), route);
        }
        assert_eq!(Route::parse("#/design/1.aB-_9"), Route::Design("1.aB-_9".into()));
        assert_eq!(Route::parse(""), Route::Home);
        assert_eq!(Route::parse("#/lesson/one-system"), Route::Lesson("one-system".into(), 0));
        for bad in [
            "#/class/x/cap",
            "#/class/1/cap+",
            "#/class/1/../x",
            "#/glossary/a/b",
            "#/lesson/../x/1",
            "#/lesson/a/0",
            "#/lesson/a/z",
            "#/nothing",
            "#/lesson/A/1",
        ] {
            assert!(matches!(Route::parse(bad), Route::NotFound(_)), "{bad}");
        }
    }
}

//! Reads the catalogue of lessons, as the page fetches it.

use crate::base::json::{self, Fields, Json};
use crate::wire::{Catalogue, CatalogueEntry, Chapter};

pub fn read(text: &str) -> Result<Catalogue, String> {
    let mut fields = json::read(text)?.fields()?;
    let chapters = fields.take("chapters")?.list()?.into_iter().map(|c| chapter(c.fields()?));
    let catalogue =
        Catalogue { chapters: chapters.collect::<Result<_, String>>()?, version: fields.number("version")? };
    fields.done()?;
    Ok(catalogue)
}

fn chapter(mut fields: Fields) -> Result<Chapter, String> {
    let lessons = fields.take("lessons")?.list()?.into_iter().map(|l| entry(l.fields()?));
    let lessons = lessons.collect::<Result<_, String>>()?;
    let chapter = Chapter { number: fields.number("number")?, title: fields.text("title")?, lessons };
    fields.done()?;
    Ok(chapter)
}

fn entry(mut fields: Fields) -> Result<CatalogueEntry, String> {
    let files = fields.take("files")?.list()?.into_iter().map(Json::text);
    let needs = fields.find("needs").map_or(Ok(Vec::new()), Json::list)?.into_iter().map(Json::text);
    let entry = CatalogueEntry {
        needs: needs.collect::<Result<_, String>>()?,
        files: files.collect::<Result<_, String>>()?,
        id: fields.text("id")?,
        slug: fields.text("slug")?,
        title: fields.text("title")?,
        question: fields.text("question")?,
        minutes: fields.number("minutes")?,
        steps: fields.number("steps")?,
        goals: fields.number("goals")?,
    };
    fields.done()?;
    Ok(entry)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_catalogue_as_serde_json_does() {
        let text = include_str!("../../lessons/catalogue.json");
        let theirs: crate::wire::Catalogue = serde_json::from_str(text).expect("the catalogue is valid");
        assert_eq!(super::read(text), Ok(theirs));
        assert!(super::read("{}").is_err());
    }
}

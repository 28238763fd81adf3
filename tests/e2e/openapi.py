"""The schemas of an OpenAPI document against answers: whether an answer is valid, holds nothing that the
document does not name, and which fields of the document it shows with a value.

As a program: checks a folder of golden pages. NAME.json and NAME_more.json are answers of the schema Name; openapi.json is
the document. Every field of every schema that has a page must have a value on one of them.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:  # deploy/packages test brings it
    jsonschema = None


class Document:
    def __init__(self, document):
        self.document = document
        self.resolver = jsonschema.RefResolver.from_schema(document)

    def _schema(self, name):
        return {"$ref": f"#/components/schemas/{name}"}

    def validate(self, answer, name):
        """Raises jsonschema.ValidationError, or AssertionError for a field that the document does not name."""
        jsonschema.Draft202012Validator(self._schema(name), resolver=self.resolver).validate(answer)
        unknown = sorted(self._unknown(answer, self._schema(name), name))
        assert not unknown, f"fields that {name} does not name: {unknown}"

    def _parts(self, schema, path):
        """The schema and all that it is made of, each with the path of its fields. What stands under a name of its own has
        fields of that name, wherever it is used."""
        if "$ref" in schema:
            pointer = schema["$ref"]
            _, target = self.resolver.resolve(pointer)
            name = pointer.removeprefix("#/components/schemas/")
            yield from self._parts(target, name.replace("/properties/", ".").replace("/items", "[]"))
        for key in ("allOf", "anyOf"):
            for part in schema.get(key, []):
                yield from self._parts(part, path)
        yield path, schema

    def _properties(self, schema, path):
        """Name to (path, schema)."""
        return {name: (f"{where}.{name}", member)
                for where, part in self._parts(schema, path) for name, member in part.get("properties", {}).items()}

    def _items(self, schema, path):
        return next(((f"{where}[]", part["items"]) for where, part in self._parts(schema, path) if "items" in part), None)

    def _walk(self, value, schema, path):
        """Every field of an answer: its path, or None where the document does not name it, its name and its value."""
        if isinstance(value, list):
            where, items = self._items(schema, path) or (path, {})
            for item in value:
                yield from self._walk(item, items, where)
        elif isinstance(value, dict):
            known = self._properties(schema, path)
            for name, member in value.items():
                where, inner = known.get(name, (None, {}))
                if known:  # else it is an object of any names
                    yield where, f"{path}.{name}", member
                if where:
                    yield from self._walk(member, inner, where)

    def _unknown(self, answer, schema, name):
        return {shown for where, shown, _ in self._walk(answer, schema, name) if where is None}

    def shown(self, answer, name):
        """The paths of those fields that have a value in the answer: not null, and no empty list, object or text."""
        return {where for where, _, value in self._walk(answer, self._schema(name), name)
                if where and value not in (None, "", [], {})}

    def fields(self, name):
        """The paths of all fields of a schema."""
        found = set()
        self._collect(self._schema(name), name, found)
        return found

    def _collect(self, schema, path, found):
        items = self._items(schema, path)
        if items is not None:
            self._collect(items[1], items[0], found)
        for where, member in self._properties(schema, path).values():
            if where not in found:
                found.add(where)
                self._collect(member, where, found)


def check_folder(folder):
    pages = {path: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    document = Document(pages[folder / "openapi.json"])
    jsonschema.Draft202012Validator.check_schema({"$defs": document.document["components"]["schemas"]})
    missing, shown = set(), set()
    for path, page in pages.items():
        stem = path.stem.split("_")[0]
        name = {"openapi": "OpenApi"}.get(stem, stem.capitalize())
        document.validate(page, name)
        missing |= document.fields(name)
        shown |= document.shown(page, name)
    missing -= shown
    assert not missing, f"fields without a value on any page: {sorted(missing)}"
    named = set(document.document["components"]["schemas"])
    used = {path.split(".")[0] for path in shown}
    assert named == used, f"schemas that no page shows: {sorted(named - used)}"
    return len(pages), len(shown)


if __name__ == "__main__":
    if jsonschema is None:
        print("python3-jsonschema is not installed: deploy/packages test")
        sys.exit(77)
    print("%d pages, %d fields" % check_folder(pathlib.Path(sys.argv[1])))

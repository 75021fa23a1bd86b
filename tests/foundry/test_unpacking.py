"""Sequences and images of rows: shapes, padding, and what is refused."""

import base64
import io

import numpy as np
import pytest

from skywright.errors import InputError
from skywright.foundry import unpacking
from skywright.foundry.signature import Input
from skywright.foundry.unpacking import allow_images_from, stacked

WAVE, PICTURE = Input("wave", "sequence", (4, 2)), Input("picture", "image", (3, 8, 6))


def png(width=6, height=8, colour=(10, 20, 30)):
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def test_a_short_sequence_ends_in_nan_and_a_long_one_loses_its_beginning():
    told = stacked(WAVE, [[[1, 2]], [[t, -t] for t in range(9)]])
    np.testing.assert_array_equal(told[0, 0], [1, 2])
    assert np.isnan(told[0, 1:]).all()
    np.testing.assert_array_equal(told[1, :, 0], [5, 6, 7, 8])


def test_a_sequence_of_one_channel_is_a_list_of_numbers():
    told = stacked(Input("wave", "sequence", (3, 1)), [[1.0, None, 3.0]])
    np.testing.assert_array_equal(told[0, :, 0], [1.0, np.nan, 3.0])


@pytest.mark.parametrize("value", [None, "1,2", 3.0, [1.0, 2.0], [[1, 2], [3]], [["a", "b"]]])
def test_what_is_no_sequence_is_refused(value):
    with pytest.raises(InputError, match="Row 1 has wave=.*no sequence"):
        stacked(WAVE, [[[1, 2]], value])


def test_an_image_has_its_colours_first_and_is_resized():
    told = stacked(PICTURE, [png(), png(60, 80)])
    assert told.shape == (2, 3, 8, 6)
    np.testing.assert_array_equal(told[:, :, 3, 3], [[10, 20, 30], [10, 20, 30]])


def test_grey_is_made_of_colours():
    told = stacked(Input("picture", "image", (1, 8, 6)), [png(colour=(50, 50, 50))])
    assert told.shape == (1, 1, 8, 6)
    assert np.all(told == 50)


def test_an_address_of_data_is_an_image_too():
    text = "data:image/png;base64," + base64.b64encode(png()).decode()
    np.testing.assert_array_equal(stacked(PICTURE, [text]), stacked(PICTURE, [png()]))


@pytest.mark.parametrize("value", [None, b"no image", "%%%", 5, [[[1, 2]]], png()[:45]])
def test_what_is_no_image_is_refused(value):
    with pytest.raises(InputError, match="Row 0 has picture=.*no image"):
        stacked(PICTURE, [value])


def test_an_image_that_claims_to_be_huge_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_PIXELS", 47)
    with pytest.raises(InputError, match="6 x 8 pixels"):
        stacked(PICTURE, [png()])


def test_a_row_names_no_file_unless_training_allowed_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "_folders", set())
    (tmp_path / "inside").mkdir()
    for place in (tmp_path / "a.png", tmp_path / "inside" / "b.png"):
        place.write_bytes(png())
    with pytest.raises(InputError, match="no image"):
        stacked(PICTURE, ["b.png"])
    allow_images_from(tmp_path / "inside")
    assert stacked(PICTURE, ["b.png"]).shape == (1, 3, 8, 6)
    for outside in ("../a.png", str(tmp_path / "a.png")):
        with pytest.raises(InputError, match="no image"):
            stacked(PICTURE, [outside])

"""fit, evaluate and predict on what other libraries hold: pandas's tables, PyTorch's tensors and loaders."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import stepgrad as sg
from stepgrad import layers
from stepgrad.errors import DTypeError

X, Y = np.random.default_rng(0).uniform(size=(20, 3)).astype("float32"), np.arange(20, dtype="float32") / 20
TABLE = pd.DataFrame(X, columns=["a", "b", "c"])
LABELS = pd.Series(Y, index=range(100, 120), name="label")  # rows are matched by place, as in arrays


def net():
    sg.utils.set_random_seed(0)
    model = sg.Sequential([layers.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def losses(*data, **arguments):
    model = net()
    history = model.fit(*data, epochs=2, shuffle=False, verbose=0, **arguments).history
    return [*history["loss"], *history.get("val_loss", ())]


@pytest.mark.parametrize(
    "x, y",
    [
        (TABLE, LABELS),
        (TABLE, LABELS.to_frame()),
        (TABLE.convert_dtypes(), LABELS.convert_dtypes()),  # pandas's own dtypes
        (torch.from_numpy(X).requires_grad_(), torch.from_numpy(Y)),
    ],
    ids=["table", "column", "nullable", "torch"],
)
def test_tables_and_tensors_train_like_arrays(x, y):
    more = {"validation_data": (x, y), "batch_size": 5}
    np.testing.assert_array_equal(losses(x, y, **more), losses(X, Y, validation_data=(X, Y), batch_size=5))
    np.testing.assert_array_equal(net().predict(x, verbose=0), net().predict(X, verbose=0))
    assert net().evaluate(x, y, verbose=0) == net().evaluate(X, Y, verbose=0)


def test_columns_of_several_kinds_of_numbers():
    mixed = TABLE.assign(a=[True, False] * 10, b=range(20))
    as_floats = mixed.astype("float32").to_numpy()
    assert losses(mixed, LABELS, validation_split=0.2) == losses(as_floats, Y, validation_split=0.2)
    missing = TABLE.assign(a=pd.array([None, *range(19)], dtype="Int64"))
    assert np.isnan(net().predict(missing, verbose=0)[:, 0]).tolist() == [True] + [False] * 19


def test_a_dict_of_columns():
    inputs = {name: layers.Input((1,), name=name) for name in ("a", "b")}
    model = sg.Model(inputs, layers.Dense(1)(layers.concatenate(list(inputs.values()))))
    model.compile("sgd", "mse")
    model.fit({"a": TABLE["a"], "b": TABLE["b"]}, LABELS, verbose=0)
    np.testing.assert_array_equal(
        model.predict(dict(TABLE[["a", "b"]]), verbose=0),
        model.predict({"a": X[:, 0], "b": X[:, 1]}, verbose=0),
    )


@pytest.mark.parametrize("words", [["x"] * 20, pd.Categorical(["x", "y"] * 10), pd.array([1, "x"] * 10)])
def test_columns_without_numbers_are_named(words):
    with pytest.raises(DTypeError, match=r"(?s)x must hold numbers.*column 'b' \(.*get_dummies.*'b'"):
        net().fit(TABLE.assign(b=words), LABELS, verbose=0)
    with pytest.raises(DTypeError, match=r"(?s)y must hold numbers.*column 'kind'.*cat\.codes"):
        net().fit(TABLE, pd.Series(words, name="kind"), verbose=0)


class Stream(IterableDataset):
    def __iter__(self):
        return zip(torch.from_numpy(X), torch.from_numpy(Y[:, None]), strict=True)


def test_loaders_of_pytorch():
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y[:, None]))
    plain = losses(X, Y, batch_size=5, validation_data=(X, Y))
    assert losses(DataLoader(data, batch_size=5), validation_data=DataLoader(data, batch_size=5)) == plain
    assert (
        losses(DataLoader(Stream(), batch_size=5), validation_data=(X, Y), validation_batch_size=5) == plain
    )
    inputs_alone = DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=5)
    np.testing.assert_array_equal(net().predict(inputs_alone, verbose=0), net().predict(X, verbose=0))

"""How threads that share a product wait for each other: what OpenMP itself says when it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="OpenMP of torch's Linux packages tells it")
@pytest.mark.parametrize(("module", "own", "told"), [
    ("fetalclip_app.model.device", "", "PASSIVE"),
    ("bench.limits", "", "PASSIVE"),
    ("fetalclip_app.model.device", "active", "ACTIVE"),
])  # fmt: skip
def test_they_sleep_unless_a_person_wants_it_otherwise(module: str, own: str, told: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_DISPLAY_ENV": "TRUE"} | ({"OMP_WAIT_POLICY": own} if own else {})
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}, torch"], env=environment, capture_output=True, text=True, check=True
    )

    assert f"OMP_WAIT_POLICY = '{told}'" in done.stderr


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has no other threads")
@pytest.mark.parametrize("module", ["fetalclip_app.model.device", "bench.limits"])
def test_after_a_product_of_numpy_no_thread_goes_on(module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "OPENBLAS_"))}
    program = (
        f"import {module}, time; import numpy as np; rows = np.ones((1024, 1024), np.float32); rows @ rows; "
        "before = time.process_time(); time.sleep(0.3); print(time.process_time() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert float(done.stdout) < 0.02

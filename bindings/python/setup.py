# SPDX-License-Identifier: MIT
"""What pyproject.toml cannot say: the wheel holds a library of one platform, and fits any Python 3. Run build_wheel.sh."""

from pathlib import Path

from setuptools import Distribution, setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70
    from wheel.bdist_wheel import bdist_wheel

LIBRARY = Path("_dstack_cluster/libdstack-p2p.so.1")


class PlatformWheel(bdist_wheel):
    """Tagged py3-none-linux_x86_64, or whatever the machine is."""

    def finalize_options(self):
        if not LIBRARY.is_file():
            raise SystemExit(f"{LIBRARY} is missing: bindings/python/build_wheel.sh puts it there and makes the wheel")
        super().finalize_options()

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class PlatformDistribution(Distribution):
    """The library counts as an extension module, which has all files of the wheel where they can be imported from."""

    def has_ext_modules(self):
        return True


setup(
    distclass=PlatformDistribution,
    py_modules=["dstack_cluster"],
    # Old setuptools refuse the name of the type stubs (PEP 561) in pyproject.toml.
    packages=["_dstack_cluster", "dstack_cluster-stubs"],
    package_data={"_dstack_cluster": ["py.typed", LIBRARY.name], "dstack_cluster-stubs": ["__init__.pyi"]},
    cmdclass={"bdist_wheel": PlatformWheel},
)

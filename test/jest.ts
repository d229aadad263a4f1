// Found as any import is: in a clone inside an npm workspace, the packages are in a folder above.
import 'jest/bin/jest';

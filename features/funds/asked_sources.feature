Feature: Some money is not ours: its funder decides family by family
  Nothing of it is set aside before the funder has said yes. A yes is worth what it says, for that family alone,
  and only once a second person has read it.

  Scenario: From the letter to the money
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    When Ana asks the program for $400.00
    Then nothing of the program is set aside
    When Ana records that it grants $400.00
    Then nothing of the program is set aside
    And Ana cannot confirm it herself
    When Sam puts the yes in force
    Then $400.00 of the program is set aside for her

  Scenario Outline: A yes in part is worth exactly what it says
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    When Ana asks the program for $400.00
    And Ana records that it grants <granted>
    And Sam puts the yes in force
    Then <set aside> of the program is set aside for her

    Examples: at what was asked, and one cent under
      | granted | set aside |
      | $400.00 | $400.00   |
      | $399.99 | $399.99   |

  Scenario: Not a cent more than was asked
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    When Ana asks the program for $400.00
    Then Ana cannot record that it grants $400.01

  Scenario: Not a cent more is asked than the rules let it pay
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    Then Ana cannot ask the program for $400.01

  Scenario Outline: A funder may take back what is not in use
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    And the program granted $400.00 and the fare came down to $300.00
    When Ana records that it grants <less> after all
    Then <outcome>

    Examples: at what is in use, one cent over, one under
      | less    | outcome                                     |
      | $300.00 | $300.00 of the program may be spent         |
      | $300.01 | $300.01 of the program may be spent         |
      | $299.99 | Sam cannot confirm it, for $300.00 is in use |

  Scenario: A no is a no at once
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    When Ana asks the program for $400.00
    And Ana records that it says no
    Then a person confirms that no source can pay

  Scenario: Another family's money stays another family's
    Given a mother flies to a hearing abroad for $400.00, and only the program may pay
    And the program granted $400.00 to another family that has not used it
    When Ana asks the program for $400.00
    And Ana records that it grants $100.00
    And Sam puts the yes in force
    Then $100.00 of the program is set aside for her

  Scenario: Our own money bridges while the funder decides
    Given a mother flies to a hearing abroad for $400.00, and our own fund may pay too
    When Ana asks the program for $400.00
    And the request is checked again
    Then our own fund pays $400.00 of it, until the program decides

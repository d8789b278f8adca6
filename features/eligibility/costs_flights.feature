Feature: Flights are economy, and a child may fly without an adult only as the airline takes it
  Nothing here refuses a family: what is not as the rule wants it, a person decides or another route is found.

  Scenario Outline: A fare above economy
    Given a fare of $400.00 above economy, because of <reason>
    When our own fund is asked about it
    Then <answer>

    Examples:
      | reason             | answer                       |
      | a medical need     | it pays $400.00              |
      | unreasonable hours | it pays $400.00              |
      | nothing told       | a person is asked to decide it |

  Scenario Outline: A flight abroad on federal money
    Given a flight to <place> with <airline>, and <approval> of foreign travel
    When <money> is asked about it
    Then <answer>

    Examples:
      | place   | airline             | approval          | money         | answer                         |
      | Paris   | a foreign airline   | the approval      | federal money | a person is asked to decide it |
      | Paris   | an American airline | the approval      | federal money | it pays $400.00                |
      | Paris   | an American airline | no approval       | federal money | a person is asked to decide it |
      | Toronto | an American airline | no approval       | federal money | it pays $400.00                |
      | Paris   | a foreign airline   | no approval       | our own fund  | it pays $400.00                |

  Scenario Outline: A child flies home without an adult
    Given a child of <age> flies <route> with <airline>, without an adult
    When our own fund is asked about it
    Then <answer>

    Examples:
      | age | route          | airline   | answer                         |
      | 4   | nonstop        | American  | another plan has to be found   |
      | 5   | nonstop        | American  | it pays $300.00                |
      | 7   | through Dallas | American  | another plan has to be found   |
      | 8   | through Dallas | American  | it pays $300.00                |
      | 8   | through Denver | American  | another plan has to be found   |
      | 14  | nonstop        | Allegiant | a person is asked to decide it |
      | 15  | nonstop        | Allegiant | it pays $300.00                |
      | 12  | nonstop        | Southwest | it pays $300.00                |
      | 15  | nonstop        | United    | a person is asked to decide it |
      | 17  | nonstop        | Breeze    | a person is asked to decide it |

  Scenario Outline: A child flies home with a change of planes between two flights, without an adult
    Given a child of 9 flies with <first> to Dallas and on with <second>, changing at <airport>
    When our own fund is asked about it
    Then <answer>

    Examples:
      | first    | second   | airport       | answer                         |
      | American | American | DFW           | it pays $300.00                |
      | American | American | no airport    | another plan has to be found   |
      | American | American | DAL           | another plan has to be found   |
      | American | Delta    | DFW           | another plan has to be found   |
      | Delta    | Alaska   | SEA           | a person is asked to decide it |

  Scenario: A cousin of 14 is no adult beside the child
    Given a child of 4 flies nonstop with American, with a cousin of 14
    When our own fund is asked about it
    Then another plan has to be found

  Scenario: A flight of a child alone that nobody pays for is noticed
    Given a child of 9 flies alone with American, and only a passport is asked for
    When our own fund is asked about it
    Then a person is asked to decide it

  Scenario Outline: The fee for the airline staff who look after a child
    Given a child of 9 flies nonstop with <airline>, without an adult
    And the airline asks a fee of <fee>
    When our own fund is asked about it
    Then <answer>

    Examples:
      | airline   | fee     | answer                             |
      | American  | $150.00 | it pays $150.00, for the time being |
      | American  | $150.01 | a person is asked to decide it     |
      | Delta     | $175.00 | a person is asked to decide it     |
      | Southwest | $50.00  | a person is asked to decide it     |

  Scenario: A fee that is dearer on the day than the airline's list is paid on a person's word
    Given a child of 9 flies nonstop with American, without an adult
    And the airline asks a fee of $165.00
    When our own fund is asked about it
    And the person says yes
    Then it pays $165.00, for the time being
    When the person says no
    Then it pays $150.00, for the time being

  Scenario: A partner gives the flight in miles
    Given a partner gives the flight for 25,000 miles
    When the fund of miles is asked about it
    Then it gives 25,000 miles
    When our own fund is asked about it
    Then it pays nothing, because a partner gives it
